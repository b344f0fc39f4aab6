import { describe, expect, it } from 'vitest'
import type { SettingRow, Settings } from '../../../../src/ipc/contract/setting-schemas.ts'
import { isLoopback } from '../../../../src/renderer/connection/is-loopback.ts'
import { demoGrpcInfo } from '../../../../src/renderer/demo/demo-figures.ts'
import type { AttentionFacts } from '../../../../src/renderer/features/overview/attention.ts'
import { attentionCards } from '../../../../src/renderer/features/overview/attention.ts'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'
import { statusWith } from './overview-facts.ts'

const t = createTexts().getFixedT('en', 'overview')

function row(name: string, value: SettingRow['value'], change: Partial<SettingRow> = {}): SettingRow {
  return {
    name,
    kind: 'text',
    values: [],
    help: '',
    value,
    inForce: value,
    default: null,
    source: 'default',
    locked: false,
    needsRestart: true,
    pending: false,
    ...change,
  }
}

function settingsOf(...rows: SettingRow[]): Settings {
  return { rows, file: '/data/memo.json', text: '', digest: 'absent', problems: [] }
}

function cards(change: Partial<AttentionFacts> = {}) {
  return attentionCards(
    { status: statusWith(), grpc: demoGrpcInfo, settings: undefined, supervises: false, showsFiles: false, ...change },
    t,
  )
}

describe('attentionCards', () => {
  it('has nothing to say of a sound node on loopback', () => {
    expect(cards()).toEqual([])
  })

  it('tells of a forced recovery, which may be hidden, and of one without this node, which may not', () => {
    const { cluster } = statusWith()
    const facts = { number: 2, atMs: 0, survivor: 'aa'.repeat(32) }
    const recovery = { ...facts, takenOut: 2, blocksLeft: 1 }
    const [recovered] = cards({ status: statusWith({ cluster: { ...cluster, recovery } }) })
    expect(recovered).toMatchObject({ id: 'recovered-2', tone: 'info', ignorable: true })
    expect(recovered?.text).toMatch(/\(recovery 2\), and 2 were taken out\..*1 block is still to be taken back\./)
    const [left] = cards({ status: statusWith({ cluster: { ...cluster, leftBehind: facts } }) })
    expect(left).toMatchObject({ id: 'left-behind', tone: 'danger', ignorable: false })
    expect(left?.action).toMatchObject({ kind: 'copy', text: expect.stringContaining('cluster join LINK') })
    const [withdrawn, ...others] = cards({ status: statusWith({ cluster: { ...cluster, withdrawn: true } }) })
    expect(withdrawn).toMatchObject({ id: 'copied', tone: 'danger', ignorable: false, action: { kind: 'copy' } })
    expect(others).toEqual([])
    for (const [removal, tone] of [
      ['left', 'info'],
      ['evicted', 'danger'],
    ] as const) {
      const [card, ...more] = cards({ status: statusWith({ cluster: { ...cluster, withdrawn: true, removal } }) })
      expect(card).toMatchObject({ id: removal, tone, ignorable: false, action: { kind: 'copy' } })
      expect(card?.text).not.toContain('restored')
      expect(more).toEqual([])
    }
  })

  it('orders by urgency: damage, room, open doors, what waits, what was chosen', () => {
    const settings = settingsOf(row('data', '/my data'), row('grpc', '0.0.0.0:7070', { pending: true }))
    const status = statusWith({ condition: 'suspect', plainKeys: true, storage: { full: true } })
    const found = cards({ status, settings, grpc: { ...demoGrpcInfo, host: '0.0.0.0', address: '0.0.0.0:7070' } })
    expect(found.map(({ id }) => id)).toEqual(['suspect', 'room', 'open-door', 'pending', 'plain-keys'])
    expect(found[0]?.action).toEqual({ kind: 'copy', text: "memo cluster recover --data '/my data'" })
  })

  it('does not announce for a start what needs none', () => {
    const settings = settingsOf(row('logLevel', 'warn', { inForce: 'info', needsRestart: false, pending: true }))
    expect(cards({ settings })).toEqual([])
  })

  it('says before a restart that a start would refuse the settings file', () => {
    const problems = [{ name: 'grpc', message: '"nowhere" is no address' }]
    const rows = [row('data', '/data'), row('grpc', '127.0.0.1:9000', { pending: true })]
    const [card, ...others] = cards({ supervises: true, settings: { ...settingsOf(...rows), problems } })
    expect(card).toMatchObject({ id: 'refused-file', tone: 'danger', action: { kind: 'settings', search: '' }, ignorable: false })
    expect(card?.text).toContain('/data/memo.json')
    expect(others).toEqual([])
  })

  it('finds a door open only beyond loopback', () => {
    const open = (change: object) =>
      cards({ grpc: { ...demoGrpcInfo, host: '192.168.1.4', address: '192.168.1.4:7070', ...change } })
    expect(open({})[0]).toMatchObject({ id: 'open-door', tone: 'danger', action: { kind: 'settings', search: 'grpcAuth' } })
    expect(open({ auth: 'token' })[0]).toMatchObject({ id: 'plain-door', action: { kind: 'settings', search: 'grpcTls' } })
    expect(open({ auth: 'token', tls: true })).toEqual([])
  })

  it('does not tell of read-only what safe mode already explains', () => {
    expect(cards({ status: statusWith({ readOnly: true }) })[0]).toMatchObject({ id: 'read-only', ignorable: true })
    expect(cards({ status: statusWith({ readOnly: true, safeMode: true }) }).map(({ id }) => id)).toEqual(['safe-mode'])
  })

  it('says how to leave read-only where the page Settings has no say', () => {
    const status = statusWith({ readOnly: true })
    const cardWith = (change: Partial<SettingRow>) => cards({ status, settings: settingsOf(row('readOnly', true, change)) })[0]
    expect(cardWith({ source: 'file' })).toMatchObject({ action: { kind: 'settings', search: 'readOnly' } })
    const byFlag = cardWith({ source: 'flag', locked: true })
    expect(byFlag?.text).toMatch(/ start the node again without --read-only\.$/)
    expect(byFlag?.action).toBeUndefined()
    expect(cardWith({ source: 'environment', locked: true })?.text).toMatch(/ without MEMO_READ_ONLY\.$/)
  })

  it('offers only what this host can do', () => {
    const status = statusWith({ safeMode: true, storage: { limitBytes: null, diskFreeBytes: 1_000, full: true } })
    expect(cards({ status }).map(({ action }) => action?.kind)).toEqual(['log', 'keys'])
    expect(cards({ status, supervises: true, showsFiles: true }).map(({ action }) => action?.kind)).toEqual(['restart', 'folder'])
  })

  it('tells of plain keys by what the node keeps, and leads nowhere: a key file would end its next start', () => {
    const settings = settingsOf(row('data', '/data'), row('keyFile', null))
    expect(cards({ settings })).toEqual([])
    const [card] = cards({ settings, status: statusWith({ plainKeys: true }) })
    expect(card).toMatchObject({ id: 'plain-keys', ignorable: true, text: expect.stringContaining('first start of a new node') })
    expect(card?.action).toBeUndefined()
  })
})

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.8.0.1', '::1', '[::1]', '::ffff:127.0.0.1', 'memo.localhost'])(
    '%s stays on this computer',
    (host) => {
      expect(isLoopback(host)).toBe(true)
    },
  )
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.example.org', 'localhost.example.org'])('%s does not', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})
