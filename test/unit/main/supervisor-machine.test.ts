import { beforeEach, describe, expect, test } from 'vitest'
import type { NodeMessage } from '../../../src/ipc/supervision/node-messages.ts'
import { supervisionVersion } from '../../../src/ipc/supervision/node-messages.ts'
import { backOffMs, phaseBudgetsMs, supervisorLimits } from '../../../src/main/supervisor/supervisor-limits.ts'
import type { SupervisorEffect } from '../../../src/main/supervisor/supervisor-machine.ts'
import { SupervisorMachine } from '../../../src/main/supervisor/supervisor-machine.ts'

let machine = new SupervisorMachine()
let nowMs = 0

beforeEach(() => {
  machine = new SupervisorMachine()
  nowMs = 1_000_000
})

const start = (safeMode = false) => machine.step({ kind: 'start', safeMode }, nowMs)
const stop = () => machine.step({ kind: 'stop' }, nowMs)
const hear = (message: NodeMessage, epoch = machine.run.epoch) => machine.step({ kind: 'message', epoch, message }, nowMs)
const exit = (exitCode: number | null = 1, epoch = machine.run.epoch) => machine.step({ kind: 'exited', epoch, exitCode }, nowMs)
const tick = () => machine.step({ kind: 'tick' }, nowMs)
const hello: NodeMessage = { kind: 'hello', protocolVersion: supervisionVersion, pid: 7 }

/** Lets time go on to the next thing that the machine waits for. */
function wake(): readonly SupervisorEffect[] {
  const { wakeAtMs } = machine
  expect(wakeAtMs).toBeGreaterThanOrEqual(nowMs)
  nowMs = wakeAtMs ?? nowMs
  return tick()
}

function serve(): void {
  if (!machine.alive) start()
  hear(hello)
  for (const phase of ['lock', 'store', 'identity', 'ports', 'ready'] as const) hear({ kind: 'phase', phase })
}

/** A run that serves for a while and then crashes. */
function crashAfter(durationMs: number): readonly SupervisorEffect[] {
  serve()
  for (let passedMs = 0; passedMs < durationMs; passedMs += 2_000) {
    nowMs += 2_000
    hear({ kind: 'heartbeat' })
  }
  return exit()
}

describe('a start', () => {
  test('forks, gives its order at the hello, goes through the phases and serves', () => {
    expect(start()).toEqual([{ kind: 'fork', epoch: 1, safeMode: false }])
    expect(machine.run).toMatchObject({ state: 'starting', epoch: 1 })
    expect(machine.run.phases.map(({ state }) => state)).toEqual(Array(5).fill('waiting'))
    expect(hear(hello)).toEqual([{ kind: 'order', safeMode: false }])
    hear({ kind: 'phase', phase: 'lock' })
    hear({ kind: 'phase', phase: 'store' })
    expect(machine.run.phases.map(({ state }) => state)).toEqual(['done', 'running', 'waiting', 'waiting', 'waiting'])
    expect(machine.servingEpoch).toBeUndefined()
    expect(hear({ kind: 'phase', phase: 'ready' })).toEqual([{ kind: 'serving', epoch: 1 }])
    expect(machine.run.state).toBe('running')
    expect(machine.run.phases.map(({ state }) => state)).toEqual(Array(5).fill('done'))
    expect(machine.servingEpoch).toBe(1)
  })

  test('that is asked for again changes nothing while a process exists', () => {
    start()
    expect(start()).toEqual([])
    serve()
    expect(start()).toEqual([])
    expect(machine.run.epoch).toBe(1)
  })

  test('a second hello gives no second order', () => {
    start()
    hear(hello)
    expect(hear(hello)).toEqual([])
  })

  test('a phase beyond its budget is slow, and nothing is ended for it', () => {
    start()
    hear(hello)
    hear({ kind: 'phase', phase: 'store' })
    nowMs += phaseBudgetsMs.store - 1
    tick()
    expect(machine.run.phases[1]?.state).toBe('running')
    nowMs += 1
    expect(tick()).toEqual([])
    expect(machine.run.phases[1]?.state).toBe('slow')
    hear({ kind: 'phase', phase: 'identity' })
    expect(machine.run.phases[1]?.state).toBe('done')
  })

  test('without a sign of life in ten seconds is ended and counts as a crash', () => {
    start()
    nowMs += supervisorLimits.handshakeTimeoutMs - 1
    expect(tick()).toEqual([])
    expect(wake()).toMatchObject([{ kind: 'kill' }])
    expect(machine.wakeAtMs).toBeUndefined()
    exit(null)
    expect(machine.run).toMatchObject({ state: 'crashed', crash: { reason: expect.stringContaining('10 s'), recent: 1 } })
  })

  test('of a node that speaks another version is ended and not repeated', () => {
    start()
    expect(hear({ ...hello, protocolVersion: supervisionVersion + 1 })).toMatchObject([{ kind: 'kill' }])
    expect(exit(null)).toEqual([])
    expect(machine.run).toMatchObject({ state: 'failed', failure: { kind: 'other' } })
    expect(machine.wakeAtMs).toBeUndefined()
  })

  test.each([
    ['port-in-use', 'port-in-use'],
    ['storage-full', 'storage-full'],
    ['store-locked', 'store-locked'],
    ['store-newer-format', 'store-newer-format'],
    ['key-unavailable', 'other'],
  ] as const)('that the node refuses as %s is a failure and not repeated', (code, kind) => {
    start()
    hear(hello)
    hear({ kind: 'phase', phase: 'lock' })
    hear({ kind: 'failed', code, message: 'why', details: { port: '7070' } })
    hear({ kind: 'closed' })
    expect(exit(11)).toEqual([])
    expect(machine.run).toMatchObject({ state: 'failed', failure: { kind, code, message: 'why', details: { port: '7070' } } })
    expect(machine.run.phases[0]?.state).toBe('failed')
    expect(machine.run.crash).toBeUndefined()
    expect(machine.wakeAtMs).toBeUndefined()
    start()
    expect(machine.run.failure).toBeUndefined()
  })
})

describe('silence', () => {
  test('of six seconds is shown and ended by nobody; a heartbeat ends it', () => {
    serve()
    nowMs += supervisorLimits.silenceMs - 1
    tick()
    expect(machine.run.state).toBe('running')
    expect(wake()).toEqual([])
    expect(machine.run.state).toBe('not-responding')
    expect(machine.wakeAtMs).toBeUndefined()
    hear({ kind: 'heartbeat' })
    expect(machine.run.state).toBe('running')
  })
})

describe('a crash', () => {
  test('waits longer each time, and a stable run begins anew', () => {
    const waits: number[] = []
    for (let crash = 0; crash < 7; crash += 1) {
      // Long enough apart for no safe mode, too short for a stable run.
      crashAfter(supervisorLimits.stableMs - 10_000)
      expect(machine.run).toMatchObject({ state: 'crashed', safeMode: false })
      waits.push((machine.run.restartAtMs ?? 0) - nowMs)
      expect(wake()).toMatchObject([{ kind: 'fork', safeMode: false }])
    }
    expect(waits).toEqual([1_000, 2_000, 5_000, 15_000, 60_000, 60_000, 60_000])
    crashAfter(supervisorLimits.stableMs)
    expect((machine.run.restartAtMs ?? 0) - nowMs).toBe(1_000)
    expect([backOffMs(0), backOffMs(1), backOffMs(99)]).toEqual([1_000, 1_000, 60_000])
  })

  test('of three in five minutes opens safe mode, and one in safe mode ends the attempts', () => {
    for (let crash = 1; crash < supervisorLimits.crashesMax; crash += 1) {
      expect(crashAfter(0)).toEqual([])
      wake()
    }
    expect(crashAfter(0)).toEqual([{ kind: 'fork', epoch: 4, safeMode: true }])
    expect(machine.run).toMatchObject({ state: 'starting', safeMode: true, crash: { recent: 3, exitCode: 1 } })
    serve()
    expect(machine.run).toMatchObject({ state: 'running', safeMode: true, crash: { recent: 3 } })
    expect(exit()).toEqual([])
    expect(machine.run).toMatchObject({ state: 'crashed', safeMode: true })
    expect(machine.wakeAtMs).toBeUndefined()
  })

  test('two within five minutes and one later open no safe mode', () => {
    crashAfter(0)
    wake()
    crashAfter(0)
    wake()
    crashAfter(supervisorLimits.crashWindowMs)
    expect(machine.run).toMatchObject({ state: 'crashed', safeMode: false, crash: { recent: 1 } })
  })

  test('tells what the node said about its end', () => {
    serve()
    hear({ kind: 'fault', reason: 'a write failed' })
    hear({ kind: 'closed' })
    exit(12)
    expect(machine.run.crash).toMatchObject({ reason: 'a write failed', exitCode: 12 })
  })

  test.each([
    [null, 'ended from outside'],
    [137, 'ended from outside'],
    [9, 'ended from outside'],
    [3, 'with code 3'],
  ] as const)('with exit code %s: %s', (exitCode, text) => {
    serve()
    exit(exitCode)
    expect(machine.run.crash?.reason).toContain(text)
  })

  test('leaves its reason to be read until the node serves again', () => {
    crashAfter(0)
    wake()
    expect(machine.run.crash).toBeDefined()
    serve()
    expect(machine.run.crash).toBeUndefined()
  })

  test('what a process of before says or does is not taken for the present one', () => {
    crashAfter(0)
    wake()
    expect(hear({ kind: 'phase', phase: 'ready' }, 1)).toEqual([])
    expect(exit(1, 1)).toEqual([])
    expect(machine.run).toMatchObject({ state: 'starting', epoch: 2 })
  })
})

describe('a stop', () => {
  test('is asked for once, waited for, and ended by force at its deadline', () => {
    serve()
    expect(stop()).toMatchObject([{ kind: 'send', message: { kind: 'shutdown', deadlineMs: 10_000 } }])
    expect(machine.servingEpoch).toBeUndefined()
    expect(stop()).toEqual([])
    expect(machine.run.state).toBe('stopping')
    nowMs += 9_999
    expect(tick()).toEqual([])
    nowMs += 1
    expect(tick()).toMatchObject([{ kind: 'kill' }])
    expect(exit(null)).toEqual([])
    expect(machine.run.state).toBe('stopped')
    expect(machine.run.crash).toBeUndefined()
  })

  test('a process that is closed but lingers is ended', () => {
    serve()
    stop()
    hear({ kind: 'closed' })
    nowMs += supervisorLimits.lingerTimeoutMs
    expect(tick()).toMatchObject([{ kind: 'kill' }])
  })

  test('in the wait after a crash calls the next attempt off', () => {
    crashAfter(0)
    expect(stop()).toEqual([])
    expect(machine.run.state).toBe('stopped')
    expect(machine.wakeAtMs).toBeUndefined()
  })

  test('before the hello still comes to an end', () => {
    start()
    expect(stop()).toHaveLength(1)
    expect(hear(hello)).toEqual([])
    nowMs += 10_000
    expect(tick()).toMatchObject([{ kind: 'kill' }])
    exit(null)
    expect(machine.run.state).toBe('stopped')
  })

  test('of a start that failed rests', () => {
    start()
    hear({ kind: 'failed', code: 'internal', message: 'm', details: {} })
    stop()
    expect(exit(1)).toEqual([])
    expect(machine.run).toMatchObject({ state: 'stopped' })
    expect(machine.run.failure).toBeUndefined()
  })
})

describe('a restart', () => {
  test('stops first and starts when the process is gone, in the mode that was asked for last', () => {
    serve()
    expect(machine.step({ kind: 'restart', safeMode: false }, nowMs)).toMatchObject([{ kind: 'send' }])
    expect(machine.step({ kind: 'restart', safeMode: true }, nowMs)).toEqual([])
    expect(exit(0)).toEqual([{ kind: 'fork', epoch: 2, safeMode: true }])
  })

  test('of a stopped node starts it', () => {
    expect(machine.step({ kind: 'restart', safeMode: false }, nowMs)).toEqual([{ kind: 'fork', epoch: 1, safeMode: false }])
  })

  test('that is stopped meanwhile rests', () => {
    serve()
    machine.step({ kind: 'restart', safeMode: false }, nowMs)
    stop()
    expect(exit(0)).toEqual([])
    expect(machine.run.state).toBe('stopped')
  })
})
