import { describe, expect, it } from 'vitest'
import type { SettingRow } from '../../../../src/ipc/contract/setting-schemas.ts'
import { groupOf, groupRows } from '../../../../src/renderer/features/settings/group-rows.ts'
import { matches } from '../../../../src/renderer/features/settings/matches.ts'
import {
  contested,
  parseStaged,
  shownValue,
  stage,
  stagedText,
  stagedValues,
  stillStaged,
  valueOfField,
} from '../../../../src/renderer/features/settings/staged-values.ts'

function row(name: string, value: SettingRow['value'], change: Partial<SettingRow> = {}): SettingRow {
  return {
    name,
    kind: 'text',
    values: [],
    help: '',
    value,
    inForce: value,
    default: 'd',
    source: 'file',
    locked: false,
    needsRestart: false,
    pending: false,
    ...change,
  }
}

const grpc = row('grpc', 'a')

describe('a live setting that was changed in the file by hand', () => {
  const live = row('logLevel', 'warn', { inForce: 'info', pending: true })

  it('shows what is in force, and can be put in force as the file says it', () => {
    expect(shownValue(live, {})).toBe('info')
    const staged = stage({}, live, 'warn')
    expect(staged).toEqual({ logLevel: { from: 'warn', to: 'warn' } })
    expect(stillStaged(staged, [live])).toEqual(staged)
    expect(stillStaged(staged, [{ ...live, inForce: 'warn', pending: false }])).toEqual({})
    expect(stage({}, { ...live, source: 'default' }, null)).toEqual({ logLevel: { from: 'warn', to: null } })
  })

  it('is not contested by who wrote the same', () => {
    expect(contested({ logLevel: { from: 'info', to: 'warn' } }, [live])).toEqual([])
    expect(contested({ logLevel: { from: 'info', to: 'debug' } }, [live])).toEqual(['logLevel'])
  })
})

describe('staged settings', () => {
  it('remember what was there when the first change was made', () => {
    const twice = stage(stage({}, grpc, 'b'), grpc, 'c')
    expect(twice).toEqual({ grpc: { from: 'a', to: 'c' } })
    expect(stagedValues(twice)).toEqual({ grpc: 'c' })
  })

  it('are none where the value is as it was, or may not be changed', () => {
    expect(stage(stage({}, grpc, 'b'), grpc, 'a')).toEqual({})
    expect(stage({}, row('grpc', 'a', { locked: true }), 'b')).toEqual({})
    expect(stage({}, row('grpc', 'd', { source: 'default' }), null)).toEqual({})
  })

  it('show the default for a way back to it', () => {
    const staged = stage({}, grpc, null)
    expect(staged).toEqual({ grpc: { from: 'a', to: null } })
    expect(shownValue(grpc, staged)).toBe('d')
    expect(shownValue(grpc, {})).toBe('a')
  })

  it('give way where somebody else did the same, locked the setting or removed it', () => {
    const staged = stage({}, grpc, 'b')
    expect(stillStaged(staged, [row('grpc', 'b')])).toEqual({})
    expect(stillStaged(staged, [row('grpc', 'z', { locked: true })])).toEqual({})
    expect(stillStaged(staged, [])).toEqual({})
    expect(stillStaged(staged, [grpc])).toEqual(staged)
  })

  it('are contested where somebody else made another change', () => {
    const staged = stage({}, grpc, 'b')
    expect(contested(staged, [grpc])).toEqual([])
    expect(contested(staged, [row('grpc', 'z')])).toEqual(['grpc'])
  })

  it('survive as text, and damaged text is none', () => {
    const staged = stage(stage({}, grpc, 'b'), row('on', false), true)
    expect(parseStaged(stagedText(staged))).toEqual(staged)
    expect(parseStaged('{"grpc":3}')).toEqual({})
    expect(parseStaged('{')).toEqual({})
    expect(parseStaged(undefined)).toEqual({})
  })

  it('take an empty field as the way back to the default', () => {
    expect(valueOfField('  ')).toBeNull()
    expect(valueOfField(' x ')).toBe('x')
  })
})

describe('groupRows', () => {
  it('keeps together what belongs together, without what is a switch of its own', () => {
    const rows = ['grpcTls', 'data', 'readOnly', 'consoleKey', 'insecure', 'somethingNew'].map((name) => row(name, null))
    expect(groupRows(rows).map(({ group, rows: found }) => [group, found.map(({ name }) => name)])).toEqual([
      ['data', ['data']],
      ['grpc', ['grpcTls', 'insecure']],
      ['console', ['consoleKey']],
      ['other', ['somethingNew']],
    ])
    expect(groupOf('grpcClientCa')).toBe('grpc')
  })
})

describe('matches', () => {
  it('wants every word somewhere', () => {
    expect(matches('', 'x')).toBe(true)
    expect(matches('TLS key', 'Key of the certificate', 'gRPC over tls')).toBe(true)
    expect(matches('tls nothing', 'tls')).toBe(false)
  })
})
