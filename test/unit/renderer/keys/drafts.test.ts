import { beforeEach, describe, expect, it } from 'vitest'
import type { KeyMetadata } from '../../../../src/ipc/contract/key-schemas.ts'
import { useDrafts } from '../../../../src/renderer/app/drafts.ts'
import {
  beginDraft,
  checkText,
  edited,
  isModified,
  savedDraft,
  storedText,
} from '../../../../src/renderer/features/keys/edit/draft.ts'
import { lineEndsOf, withLineEnds, withoutReturns } from '../../../../src/renderer/features/keys/edit/line-ends.ts'
import { intentionFor, newRequestId } from '../../../../src/renderer/features/keys/edit/request-ids.ts'
import { keysLimits } from '../../../../src/renderer/features/keys/keys-limits.ts'
import {
  emptyMemory,
  readMemory,
  withFavourite,
  withoutKey,
  withRecent,
  writeMemory,
} from '../../../../src/renderer/features/keys/place-memory.ts'
import {
  activateTab,
  changeDraft,
  closeTab,
  enterNetwork,
  keyTabId,
  openKey,
  openNewKey,
  replaceTab,
  setDraft,
  setForm,
  useTabs,
} from '../../../../src/renderer/features/keys/tabs-store.ts'
import { planImport, withoutCommonFolder } from '../../../../src/renderer/features/keys/transfer/import-files.ts'
import { previewOf } from '../../../../src/renderer/features/keys/transfer/preview-import.ts'
import { fileNameOf } from '../../../../src/renderer/features/keys/value/download-value.ts'

const metadata: KeyMetadata = {
  key: 'a',
  version: '17',
  revision: '1',
  size: 1,
  contentType: 'text/x-own',
  modifiedMs: 0,
  writer: '',
  address: '',
  chunks: 0,
}

describe('a draft', () => {
  it('gives a value back the ends of lines that it had', () => {
    const stored = 'one\r\ntwo\r\n'
    const draft = beginDraft(metadata, stored, 'text')
    expect(draft.text).toBe('one\ntwo\n')
    expect(isModified(draft)).toBe(false)
    expect(storedText(draft)).toBe(stored)
    expect(storedText(edited(draft, 'one\n2\n'))).toBe('one\r\n2\r\n')
    expect(lineEndsOf('a\rb')).toBe('mixed')
    expect(lineEndsOf('a\r\nb\nc')).toBe('mixed')
    expect(withLineEnds(withoutReturns('a\r\nb'), 'lf')).toBe('a\nb')
  })

  it('refuses JSON that an edit broke, and not JSON that was broken before', () => {
    expect(checkText(edited(beginDraft(metadata, '{}', 'json'), '{')).problem).toMatchObject({ reason: 'ended' })
    expect(checkText(edited(beginDraft(metadata, '{', 'json'), '{{')).problem).toBeUndefined()
    expect(checkText(edited(beginDraft(metadata, 'a', 'text'), '{')).problem).toBeUndefined()
  })

  it('refuses what is too large to be written at once', () => {
    const draft = edited(beginDraft(metadata, 'a', 'text'), 'é'.repeat(2_200_000))
    expect(checkText(draft).tooLarge).toBe(4_400_000)
  })

  it('knows what was typed while it was saved', () => {
    const saving = { ...edited(beginDraft(metadata, 'a', 'text'), 'ab'), state: 'saving' as const }
    const after = savedDraft({ ...saving, text: 'abc' }, 'ab', { ...metadata, version: '18' })
    expect(after).toMatchObject({ baseVersion: '18', baseText: 'ab', baseStored: 'ab', text: 'abc' })
    expect(isModified(after)).toBe(true)
  })
})

describe('a request id', () => {
  it('is the same for the same change, and new for another or after nine minutes', () => {
    const first = intentionFor('change', undefined, 1000)
    expect(intentionFor('change', first, 2000)).toBe(first)
    expect(intentionFor('other', first, 2000).id.sequence).not.toBe(first.id.sequence)
    expect(intentionFor('change', first, 1000 + 9 * 60_000).id.sequence).not.toBe(first.id.sequence)
    expect(newRequestId().session).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('what is remembered', () => {
  it('is bounded, by cluster, and survives what it cannot read', () => {
    let memory = emptyMemory
    for (let index = 0; index < 30; index += 1) memory = withRecent(withFavourite(memory, `f${index}`, true), `k${index % 20}`)
    expect(memory.recents).toHaveLength(12)
    expect(memory.recents[0]).toBe('k9')
    expect(withFavourite(memory, 'f0', false).favourites).not.toContain('f0')
    expect(withoutKey(memory, 'k9').recents).not.toContain('k9')
    writeMemory(localStorage, 'one', memory)
    expect(readMemory(localStorage, 'one')).toEqual(memory)
    expect(readMemory(localStorage, 'two')).toEqual(emptyMemory)
    localStorage.setItem('memo.keys.one', '{"favourites":7,"delimiter":":"}')
    expect(readMemory(localStorage, 'one')).toMatchObject({ favourites: [], delimiter: ':' })
    localStorage.setItem('memo.keys.one', 'nonsense')
    expect(readMemory(localStorage, 'one')).toEqual(emptyMemory)
  })
})

describe('tabs', () => {
  beforeEach(() => {
    useTabs.setState({ ...useTabs.getInitialState() })
    useDrafts.setState({ drafts: {} })
    enterNetwork('cluster', 'research')
  })

  const ids = () => useTabs.getState().tabs.map((tab) => tab.id)

  it('are bounded, and the ones with unsaved text stay', () => {
    openKey('first')
    setDraft('first', edited(beginDraft({ ...metadata, key: 'first' }, 'a', 'text'), 'b'))
    for (let index = 0; index < 40; index += 1) openKey(`k${index}`)
    expect(ids()).toHaveLength(24)
    expect(ids()).toContain(keyTabId('first'))
    expect(ids()).not.toContain(keyTabId('k0'))
  })

  it('guard the window while a text is not saved', () => {
    openKey('first')
    const draft = beginDraft({ ...metadata, key: 'first' }, 'a', 'text')
    setDraft('first', draft)
    expect(useDrafts.getState().drafts).toEqual({})
    setDraft('first', edited(draft, 'b'))
    expect(useDrafts.getState().drafts).toEqual({
      'cluster key first': { text: 'b', base: '17', home: { networkId: 'cluster', networkName: 'research' }, title: 'first' },
    })
    closeTab(keyTabId('first'))
    expect(useDrafts.getState().drafts).toEqual({})
    expect(useTabs.getState().drafts).toEqual({})
  })

  it('go to the neighbour when the active one closes, and become the key that was made', () => {
    for (const key of ['a', 'b', 'c']) openKey(key)
    activateTab(keyTabId('b'))
    closeTab(keyTabId('b'))
    expect(useTabs.getState().active).toBe(keyTabId('c'))
    openNewKey({ key: '', text: '', view: 'json', contentType: '' })
    replaceTab('new', 'd')
    expect(ids()).toEqual([keyTabId('a'), keyTabId('c'), keyTabId('d')])
  })

  it('belong to their cluster', () => {
    openKey('a')
    enterNetwork('another')
    expect(ids()).toEqual([])
  })

  const type = (key: string, text: string): void => {
    openKey(key)
    setDraft(key, edited(beginDraft({ ...metadata, key }, 'a', 'text'), text))
  }

  it('with unsaved text come back with their network, and stay guarded until then', () => {
    type('first', 'typed')
    changeDraft('first', (draft) => ({ ...draft, state: 'saving' }))
    const form = { key: '', text: '', view: 'text', contentType: '' } as const
    openNewKey(form)
    setForm('new', { ...form, key: 'made' })
    openKey('only looked at')
    enterNetwork('another')
    type('first', 'typed there')
    closeTab(keyTabId('first'))
    expect(Object.keys(useDrafts.getState().drafts)).toEqual(['cluster key first', 'cluster new'])
    enterNetwork('cluster', 'research')
    expect(ids()).toEqual([keyTabId('first'), 'new'])
    expect(useTabs.getState()).toMatchObject({ active: 'new', drafts: { first: { text: 'typed', state: 'open' } } })
    expect(useTabs.getState().kept.size).toBe(0)
  })

  it('with unsaved text are kept for a few networks, and those of the one that was left first go', () => {
    for (let index = 0; index <= keysLimits.keptNetworksMax + 1; index += 1) {
      enterNetwork(`n${index}`)
      type('k', `typed ${index}`)
    }
    expect([...useTabs.getState().kept.keys()]).toEqual(['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'])
    expect(Object.keys(useDrafts.getState().drafts)).not.toContain('n0 key k')
    expect(Object.keys(useDrafts.getState().drafts)).toContain('n1 key k')
  })
})

describe('an import', () => {
  const file = (path: string, text = 'x') => ({ path, file: new File([text], path.split('/').at(-1) ?? path) })

  it('drops the folder that all files lie in, and only that', () => {
    expect(withoutCommonFolder([file('top/a'), file('top/b/c')]).map(({ path }) => path)).toEqual(['a', 'b/c'])
    expect(withoutCommonFolder([file('top/a'), file('other/b')]).map(({ path }) => path)).toEqual(['top/a', 'other/b'])
    expect(withoutCommonFolder([file('a'), file('top/b')]).map(({ path }) => path)).toEqual(['a', 'top/b'])
  })

  it('leaves out files whose keys the node would refuse', () => {
    const plan = planImport([file('a'), file('b'.repeat(4097))], 'p/')
    expect(plan).toMatchObject({ format: 'files', bytes: 1, cut: false })
    expect(plan.files).toHaveLength(1)
    expect(plan.unfit).toHaveLength(1)
  })

  const previewed = (...parts: BlobPart[]) =>
    previewOf(planImport([{ path: 'keys.ndjson', file: new File(parts, 'keys.ndjson') }], ''), '')

  it('previews the lines of NDJSON up to the first that is none, behind which nothing is stored', async () => {
    const lines = ['{"key":"a","value":"aGVsbG8="}', '', '{"value":""}', '{"key":"c","value":""}']
    expect(await previewed(lines.join('\n'))).toEqual({
      whole: true,
      ...{ lines: 2, fit: 1, unfit: 0 },
      rows: [{ key: 'a', size: 5 }],
      stop: { line: 3, excerpt: '{"value":""}', problem: { kind: 'key-missing' } },
    })
  })

  it('previews the key that is the prefix itself, which without a prefix is none', async () => {
    const plan = planImport([{ path: 'keys.ndjson', file: new File(['{"key":"","value":""}'], 'keys.ndjson') }], '')
    expect(await previewOf(plan, 'in/')).toMatchObject({ fit: 1, unfit: 0, rows: [{ key: 'in/', size: 0 }] })
    expect(await previewOf(plan, '')).toMatchObject({ fit: 0, unfit: 1, rows: [{ key: '', unfit: true }] })
  })

  it.each([
    ['nonsense', { kind: 'not-json' }],
    ['7', { kind: 'not-object' }],
    ['["a"]', { kind: 'not-object' }],
    ['{"value":""}', { kind: 'key-missing' }],
    ['{"key":5,"value":""}', { kind: 'key-not-text' }],
    ['{"key":"\\ud800","value":""}', { kind: 'key-half-character' }],
    ['{"key":"d"}', { kind: 'value-missing' }],
    ['{"key":"d","value":null}', { kind: 'value-not-text' }],
    ['{"key":"b","value":"***"}', { kind: 'value-not-base64' }],
    ['{"key":"c","value":"aGVsbG9="}', { kind: 'value-not-base64' }],
    ['{"key":"e","value":"","more":1}', { kind: 'unknown-member', member: 'more' }],
    ['{"key":"e","value":"","size":-1}', { kind: 'unfit-member', member: 'size' }],
    ['{"key":"e","value":"","part":2}', { kind: 'part-without-beginning' }],
    ['{"key":"e","value":"YQ==","part":1,"size":2}\n{"key":"f","value":""}', { kind: 'part-missing' }],
  ])('names what is wrong with the line %s', async (line, problem) => {
    expect((await previewed(line)).stop?.problem).toEqual(problem)
  })

  it('takes the parts of a large value for one key, and bytes that are no UTF-8 for no line', async () => {
    const parts = [
      '{"key":"e","value":"YQ==","part":1,"size":2}',
      '{"key":"e","value":"YQ==","part":2,"last":true}',
      '{"key":"f","value":""}',
    ]
    const rows = [
      { key: 'e', size: 2 },
      { key: 'f', size: 0 },
    ]
    expect(await previewed(parts.join('\r\n'))).toEqual({ whole: true, lines: 3, fit: 2, unfit: 0, rows })
    const latin = new Uint8Array([...new TextEncoder().encode('{"key":"gr'), 0xfc, ...new TextEncoder().encode('n","value":""}')])
    expect((await previewed(latin)).stop).toMatchObject({ line: 1, problem: { kind: 'not-utf8' } })
  })

  it('goes on behind a key that is too long, which alone is left out', async () => {
    const long = 'k'.repeat(4097)
    const preview = await previewed(`{"key":"${long}","value":""}\n{"key":"b","value":""}`)
    expect(preview).toEqual({
      whole: true,
      ...{ lines: 2, fit: 1, unfit: 1 },
      rows: [
        { key: long, size: 0, unfit: true },
        { key: 'b', size: 0 },
      ],
    })
  })

  it('says why there is nothing to preview', async () => {
    expect(await previewed('')).toMatchObject({ rows: [], whole: true, nothing: 'empty' })
    expect(await previewed('\n \n')).toMatchObject({ rows: [], whole: true, nothing: 'empty' })
    const long = `{"key":"a","value":"${'A'.repeat(400_000)}"}`
    expect(await previewed(long)).toMatchObject({ rows: [], whole: false, nothing: 'long-line' })
    const cut = await previewed(`{"key":"b","value":""}\n${long}`)
    expect(cut).toEqual({ rows: [{ key: 'b', size: 0 }], whole: false, lines: 1, fit: 1, unfit: 0 })
    const many = Array.from({ length: 51 }, (_, at) => `{"key":"${at}","value":""}`).join('\n')
    const found = await previewed(many)
    expect([found.rows.length, found.fit, found.lines, found.whole]).toEqual([50, 51, 51, true])
  })
})

describe('the name of a download', () => {
  it('is the last part of the key, without what file systems refuse', () => {
    expect(fileNameOf('orders/2026/0001.json', '/')).toBe('0001.json')
    expect(fileNameOf('orders/', '/')).toBe('orders')
    expect(fileNameOf('a/..', '/')).toBe('_')
    expect(fileNameOf('a:b\n\u202ec', '')).toBe('a_b__c')
  })
})
