/** What is open in the right pane, and the texts that are being edited. One for the window; it outlives the page and the node. */

import { create } from 'zustand'
import type { DraftHome } from '../../app/drafts.ts'
import { useDrafts } from '../../app/drafts.ts'
import type { Draft } from './edit/draft.ts'
import { isModified } from './edit/draft.ts'
import { keysLimits } from './keys-limits.ts'
import type { ImportFile } from './transfer/import-files.ts'
import type { ValueView } from './value/present-value.ts'

export type Tab =
  | { readonly kind: 'key'; readonly id: string; readonly key: string }
  | { readonly kind: 'new'; readonly id: string; readonly form: NewKeyForm }
  | { readonly kind: 'import'; readonly id: string; readonly prefix: string; readonly files?: readonly ImportFile[] }
  | { readonly kind: 'export'; readonly id: string; readonly prefix: string }

export interface NewKeyForm {
  readonly key: string
  readonly text: string
  readonly view: 'json' | 'text'
  readonly contentType: string
}

export interface Notice {
  readonly tone: 'warn' | 'danger'
  readonly title: string
  readonly text: string
}

interface OpenTabs {
  readonly tabs: readonly Tab[]
  readonly active: string | undefined
  readonly drafts: Readonly<Record<string, Draft>>
  /** The view that was chosen for a key. */
  readonly views: Readonly<Record<string, ValueView>>
  readonly notice: Notice | undefined
}

interface TabsState extends OpenTabs, DraftHome {
  /** What is not saved in other networks, by their ids, the one that was left last at the end. */
  readonly kept: ReadonlyMap<string, OpenTabs>
  /** The tab that a command has opened and that has not taken the focus yet. */
  readonly asked: string | undefined
}

const empty: OpenTabs = { tabs: [], active: undefined, drafts: {}, views: {}, notice: undefined }

export const useTabs = create<TabsState>()(() => ({
  networkId: '',
  networkName: '',
  kept: new Map(),
  asked: undefined,
  ...empty,
}))

const { setState: set, getState: get } = useTabs

/** Another network has other keys. What is not saved in the one that is left waits until that one is entered again. */
export function enterNetwork(networkId: string, networkName = ''): void {
  const { networkId: left, kept: before } = get()
  if (left === networkId) return
  const kept = new Map(before)
  const unsaved = onlyUnsaved()
  if (unsaved.tabs.length > 0) kept.set(left, unsaved)
  const found = kept.get(networkId) ?? empty
  kept.delete(networkId)
  for (const [oldest, { tabs }] of kept) {
    if (kept.size <= keysLimits.keptNetworksMax) break
    kept.delete(oldest)
    for (const { id } of tabs) useDrafts.getState().drop(guardName(oldest, id))
  }
  set({ networkId, networkName, kept, ...found })
}

/** A save that was under way says no more what became of it: with the same request it is made once, whenever it is tried again. */
function onlyUnsaved(): OpenTabs {
  const { tabs, drafts, active } = get()
  const dirty = tabs.filter(isDirty)
  const own = dirty.flatMap((tab) => {
    const draft = tab.kind === 'key' ? drafts[tab.key] : undefined
    return draft === undefined ? [] : [[draft.key, { ...draft, state: 'open' as const }] as const]
  })
  const shown = dirty.find(({ id }) => id === active) ?? dirty.at(-1)
  return { ...empty, tabs: dirty, active: shown?.id, drafts: Object.fromEntries(own) }
}

export function keyTabId(key: string): string {
  return `key ${key}`
}

function guardName(networkId: string, tabId: string): string {
  return `${networkId} ${tabId}`
}

/** The window does not close, or load anew, over a text that is not saved. */
function guard(tabId: string, text: string | undefined, base: string, title: string): void {
  const { keep, drop } = useDrafts.getState()
  const { networkId, networkName } = get()
  const name = guardName(networkId, tabId)
  if (text === undefined) drop(name)
  else keep(name, { text, base, home: { networkId, networkName }, title })
}

function isDirty(tab: Tab): boolean {
  if (tab.kind === 'new') return tab.form.text !== '' || tab.form.key !== ''
  const draft = tab.kind === 'key' ? get().drafts[tab.key] : undefined
  return draft !== undefined && isModified(draft)
}

function show(tab: Tab): void {
  const { tabs } = get()
  if (tabs.some(({ id }) => id === tab.id)) {
    set({ active: tab.id })
    return
  }
  // The oldest tab without unsaved text gives way.
  const spare = tabs.length >= keysLimits.tabsMax ? tabs.find((other) => !isDirty(other)) : undefined
  set({ tabs: [...tabs.filter((other) => other !== spare), tab], active: tab.id })
}

export function openKey(key: string): void {
  show({ kind: 'key', id: keyTabId(key), key })
}

export function openNewKey(form: NewKeyForm): void {
  const existing = get().tabs.find((tab) => tab.kind === 'new')
  show(existing ?? { kind: 'new', id: 'new', form })
  set({ asked: existing?.id ?? 'new' })
}

export function openTransfer(kind: 'import' | 'export', prefix: string): void {
  const others = get().tabs.filter((tab) => tab.kind !== kind)
  set({ tabs: others })
  show({ kind, id: kind, prefix })
  set({ asked: kind })
}

export function focusGiven(): void {
  set({ asked: undefined })
}

/** Files that were dropped on a place: they are looked at there before anything is written. */
export function openImportOf(prefix: string, files: readonly ImportFile[]): void {
  set({ tabs: get().tabs.filter((tab) => tab.kind !== 'import') })
  show({ kind: 'import', id: 'import', prefix, files })
}

export function activateTab(id: string): void {
  set({ active: id })
}

export function closeTab(id: string): void {
  const { tabs, active, drafts } = get()
  const at = tabs.findIndex((tab) => tab.id === id)
  const tab = tabs[at]
  if (tab === undefined) return
  const rest = tabs.filter((other) => other.id !== id)
  const next = active === id ? (rest[at] ?? rest[at - 1])?.id : active
  const { [tab.kind === 'key' ? tab.key : '']: _, ...kept } = drafts
  set({ tabs: rest, active: next, drafts: kept })
  guard(id, undefined, '', '')
}

/** In place of the tab of a new key, the tab of the key that came of it. */
export function replaceTab(id: string, key: string): void {
  const tab: Tab = { kind: 'key', id: keyTabId(key), key }
  const tabs = get().tabs.filter((other) => other.id !== tab.id)
  set({ tabs: tabs.map((other) => (other.id === id ? tab : other)), active: tab.id })
  guard(id, undefined, '', '')
}

export function setForm(id: string, form: NewKeyForm): void {
  set({ tabs: get().tabs.map((tab) => (tab.id === id && tab.kind === 'new' ? { ...tab, form } : tab)) })
  guard(id, form.text === '' && form.key === '' ? undefined : form.text, '', form.key)
}

export function setDraft(key: string, draft: Draft | undefined): void {
  const { [key]: _, ...others } = get().drafts
  set({ drafts: draft === undefined ? others : { ...others, [key]: draft } })
  guard(keyTabId(key), draft !== undefined && isModified(draft) ? draft.text : undefined, draft?.baseVersion ?? '', key)
}

export function changeDraft(key: string, change: (draft: Draft) => Draft): void {
  const draft = get().drafts[key]
  if (draft !== undefined) setDraft(key, change(draft))
}

export function setView(key: string, view: ValueView): void {
  const { [key]: _, ...others } = get().views
  const kept = Object.entries(others).slice(-keysLimits.tabsMax)
  set({ views: { ...Object.fromEntries(kept), [key]: view } })
}

export function setNotice(notice: Notice | undefined): void {
  set({ notice })
}

export function useDirtyTabs(): ReadonlySet<string> {
  const tabs = useTabs((state) => state.tabs)
  useTabs((state) => state.drafts)
  return new Set(tabs.filter(isDirty).map((tab) => tab.id))
}
