/** What a person has to know or to decide, most urgent first; only what the node itself says. */

import type { TFunction } from 'i18next'
import type { Settings } from '../../../ipc/contract/setting-schemas.ts'
import type { GrpcInfo, NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { shellWord } from '../../../shared/shell-word.ts'
import type { Withdrawal } from '../../cluster/cluster-health.ts'
import { withdrawalOf } from '../../cluster/cluster-health.ts'
import { isLoopback } from '../../connection/is-loopback.ts'
import { readOnlyCause } from '../../connection/read-only-cause.ts'
import type { Tone } from '../../ui/banner.tsx'
import { formatBytes, formatCount, formatTime } from '../../ui/format.ts'
import { storageRoom } from './storage-room.ts'

export type AttentionAction =
  | { readonly kind: 'copy'; readonly text: string }
  | { readonly kind: 'settings'; readonly search: string }
  | { readonly kind: 'keys' }
  | { readonly kind: 'log' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'restart' }

export interface AttentionCard {
  readonly id: string
  readonly tone: Tone
  readonly title: string
  readonly text: string
  /** Absent where there is nothing to press: the text says what can be done. */
  readonly action?: AttentionAction
  /** It is a choice, not a fault: who has decided may hide it. */
  readonly ignorable: boolean
}

export interface AttentionFacts {
  readonly status: NodeStatus
  readonly grpc: GrpcInfo | undefined
  readonly settings: Settings | undefined
  readonly supervises: boolean
  readonly showsFiles: boolean
}

type T = TFunction<'overview'>
type Card = AttentionCard | undefined

export function attentionCards(facts: AttentionFacts, t: T): AttentionCard[] {
  const { grpc } = facts
  const cards: Card[] = [
    damageCard(facts, t),
    withdrawnCard(facts, t),
    safeModeCard(facts, t),
    roomCard(facts, t),
    grpc === undefined ? undefined : doorCard(grpc, t),
    refusedFileCard(facts, t),
    pendingCard(facts, t),
    readOnlyCard(facts, t),
    plainKeysCard(facts, t),
    recoveredCard(facts, t),
  ]
  return cards.filter((card) => card !== undefined)
}

function settingText(settings: Settings | undefined, name: string): string | undefined {
  const value = settings?.rows.find((row) => row.name === name)?.value
  return typeof value === 'string' && value !== '' ? value : undefined
}

function damageCard({ status, settings, grpc }: AttentionFacts, t: T): Card {
  if (status.condition === 'sound') return undefined
  const data = settingText(settings, 'data')
  const recover = `${grpc?.command ?? 'memo'} cluster recover`
  const command = data === undefined ? recover : `${recover} --data ${shellWord(data)}`
  const text = t('suspectCardText')
  return {
    id: 'suspect',
    tone: 'danger',
    title: t('suspectCard'),
    text,
    action: { kind: 'copy', text: command },
    ignorable: false,
  }
}

/** What such a node holds stays as it is, for whoever wants to look at it. */
function withdrawnCard({ status: { cluster }, grpc }: AttentionFacts, t: T): Card {
  const why = withdrawalOf(cluster)
  if (why === undefined) return undefined
  const { number = 0, atMs = 0 } = cluster.leftBehind ?? {}
  const texts = {
    'left-behind': [t('leftBehind'), t('leftBehindText', { time: formatTime(atMs), number: formatCount(number) })],
    left: [t('leftCard'), t('removedText')],
    evicted: [t('evictedCard'), t('removedText')],
    copied: [t('withdrawnCard'), t('withdrawnText')],
  } satisfies Record<Withdrawal, readonly [string, string]>
  const [title, text] = texts[why]
  const action = { kind: 'copy', text: `${grpc?.command ?? 'memo'} cluster join LINK --data NEW_DIR` } as const
  return { id: why, tone: why === 'left' ? 'info' : 'danger', title, text, action, ignorable: false }
}

function recoveredCard({ status: { cluster } }: AttentionFacts, t: T): Card {
  const { recovery } = cluster
  if (recovery === null) return undefined
  const { number, atMs, takenOut, blocksLeft } = recovery
  const facts = { time: formatTime(atMs), recovery: formatCount(number), count: takenOut, number: formatCount(takenOut) }
  const rest = blocksLeft === 0 ? '' : ` ${t('recoveredRest', { count: blocksLeft, number: formatCount(blocksLeft) })}`
  const text = `${t('recoveredText', facts)}${rest}`
  return { id: `recovered-${number}`, tone: 'info', title: t('recovered'), text, ignorable: true }
}

function safeModeCard({ status, supervises }: AttentionFacts, t: T): Card {
  if (!status.safeMode) return undefined
  const action: AttentionAction = { kind: supervises ? 'restart' : 'log' }
  return { id: 'safe-mode', tone: 'warn', title: t('safeCard'), text: t('safeCardText'), action, ignorable: false }
}

function roomCard({ status, showsFiles }: AttentionFacts, t: T): Card {
  const room = storageRoom(status.storage)
  if (room.level === 'ample') return undefined
  const full = room.level === 'full'
  const byLimit = room.boundBy === 'limit'
  const text = byLimit
    ? t('fullLimitCard', { used: formatBytes(room.usedBytes), capacity: formatBytes(room.capacityBytes) })
    : t('fullDiskCard', { free: formatBytes(room.freeBytes) })
  const elsewhere: AttentionAction = showsFiles ? { kind: 'folder' } : { kind: 'keys' }
  return {
    id: 'room',
    tone: full || room.level === 'very-low' ? 'danger' : 'warn',
    title: full ? t('fullCard') : t('lowCard'),
    text,
    action: byLimit ? { kind: 'settings', search: 'capacity' } : elsewhere,
    ignorable: false,
  }
}

function doorCard({ host, address, auth, tls }: GrpcInfo, t: T): Card {
  if (isLoopback(host)) return undefined
  if (auth === 'none') {
    const action: AttentionAction = { kind: 'settings', search: 'grpcAuth' }
    return {
      id: 'open-door',
      tone: 'danger',
      title: t('openDoor'),
      text: t('openDoorText', { address }),
      action,
      ignorable: false,
    }
  }
  if (tls) return undefined
  const action: AttentionAction = { kind: 'settings', search: 'grpcTls' }
  return {
    id: 'plain-door',
    tone: 'danger',
    title: t('plainDoor'),
    text: t('plainDoorText', { address }),
    action,
    ignorable: false,
  }
}

function refusedFileCard({ settings }: AttentionFacts, t: T): Card {
  if (settings === undefined || settings.problems.length === 0) return undefined
  return {
    id: 'refused-file',
    tone: 'danger',
    title: t('refusedFile'),
    text: t('refusedFileText', { file: settings.file }),
    action: { kind: 'settings', search: '' },
    ignorable: false,
  }
}

/** A start that would refuse the file is nothing to wait for. */
function pendingCard({ settings, supervises }: AttentionFacts, t: T): Card {
  if (settings === undefined || settings.problems.length > 0) return undefined
  const names = settings.rows.filter((row) => row.pending && row.needsRestart).map((row) => row.name)
  if (names.length === 0) return undefined
  const action: AttentionAction = supervises ? { kind: 'restart' } : { kind: 'settings', search: names[0] ?? '' }
  return {
    id: 'pending',
    tone: 'info',
    title: t('pendingCard', { count: names.length, number: formatCount(names.length) }),
    text: t('pendingText', { names: names.join(', ') }),
    action,
    ignorable: false,
  }
}

function readOnlyCard({ status, settings }: AttentionFacts, t: T): Card {
  // Safe mode and a suspect store refuse changes for reasons of their own.
  if (!status.readOnly || status.safeMode || status.condition === 'suspect') return undefined
  const card = { id: 'read-only', tone: 'info', title: t('readOnlyCard'), ignorable: true } as const
  const cause = readOnlyCause(settings)
  if (cause !== undefined) return { ...card, text: `${t('readOnlyCardText')} ${t('readOnlyCardLocked', { cause })}` }
  return { ...card, text: t('readOnlyCardText'), action: { kind: 'settings', search: 'readOnly' } }
}

/** Without a button: keys that exist are never wrapped anew, so that a key file given to this node would only end its next start. */
function plainKeysCard({ status, settings }: AttentionFacts, t: T): Card {
  const folder = settingText(settings, 'data')
  if (!status.plainKeys || folder === undefined) return undefined
  return { id: 'plain-keys', tone: 'info', title: t('plainKeys'), text: t('plainKeysText', { folder }), ignorable: true }
}
