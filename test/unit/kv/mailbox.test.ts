import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { MailboxLimits } from '../../../src/node/engine/mailbox.ts'
import { Mailbox, Mailboxes } from '../../../src/node/engine/mailbox.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

const never = new AbortController().signal

/** A mailbox whose turns end when the test says so. */
function manual(limits: Partial<MailboxLimits> = {}) {
  const turns: { requests: readonly string[]; end: () => void; fail: (error: Error) => void }[] = []
  const mailbox = new Mailbox<string, string>({ ...defaultLimits, ...limits }, (requests) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly (string | CodedError)[]>()
    const answer = (request: string) => (request === 'bad' ? new CodedError('request-too-old', 'bad') : `${request}!`)
    turns.push({ requests, end: () => resolve(requests.map(answer)), fail: reject })
    return promise
  })
  return { mailbox, turns }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a mailbox', () => {
  test('folds what arrives during a turn into the next one, in order', async () => {
    const { mailbox, turns } = manual()
    const first = mailbox.submit('a', 1, never)
    await settled()
    const rest = ['b', 'c', 'd'].map((request) => mailbox.submit(request, 1, never))
    await settled()
    expect(turns.map((turn) => turn.requests)).toEqual([['a']])
    turns[0]?.end()
    expect(await first).toBe('a!')
    await settled()
    expect(turns.map((turn) => turn.requests)).toEqual([['a'], ['b', 'c', 'd']])
    expect(mailbox.idle).toBe(false)
    turns[1]?.end()
    expect(await Promise.all(rest)).toEqual(['b!', 'c!', 'd!'])
    await settled()
    expect(mailbox.idle).toBe(true)
  })

  test('sees together what was submitted together', async () => {
    const { mailbox, turns } = manual()
    const all = [mailbox.submit('a', 1, never), mailbox.submit('b', 1, never)]
    await settled()
    turns[0]?.end()
    expect(await Promise.all(all)).toEqual(['a!', 'b!'])
    expect(turns).toHaveLength(1)
  })

  test('keeps a fold within its requests and bytes, and lets one large request go alone', async () => {
    const { mailbox, turns } = manual({ foldRequestsMax: 2, foldBytesMax: 10 })
    const all = [
      mailbox.submit('a', 1, never),
      mailbox.submit('b', 1, never),
      mailbox.submit('c', 1, never),
      mailbox.submit('large', 100, never),
      mailbox.submit('d', 6, never),
      mailbox.submit('e', 6, never),
    ]
    for (let turn = 0; turn < 5; turn++) {
      await settled()
      turns[turn]?.end()
    }
    await Promise.all(all)
    expect(turns.map((turn) => turn.requests)).toEqual([['a', 'b'], ['c'], ['large'], ['d'], ['e']])
  })

  test('drops a request that is aborted while it waits', async () => {
    const { mailbox, turns } = manual()
    const first = mailbox.submit('a', 1, never)
    await settled()
    const controller = new AbortController()
    const second = mailbox.submit('b', 1, controller.signal)
    const third = mailbox.submit('c', 1, never)
    controller.abort(new CodedError('cancelled', 'gone'))
    await expect(second).rejects.toMatchObject({ code: 'cancelled' })
    expect(mailbox.waiting).toBe(1)
    turns[0]?.end()
    await settled()
    turns[1]?.end()
    await Promise.all([first, third])
    expect(turns.map((turn) => turn.requests)).toEqual([['a'], ['c']])
    await expect(mailbox.submit('d', 1, controller.signal)).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('does not take back a request that was admitted', async () => {
    const { mailbox, turns } = manual()
    const controller = new AbortController()
    const first = mailbox.submit('a', 1, controller.signal)
    await settled()
    controller.abort(new CodedError('deadline-exceeded', 'late'))
    await expect(first).rejects.toMatchObject({ code: 'deadline-exceeded' })
    turns[0]?.end()
    await settled()
    expect(turns.map((turn) => turn.requests)).toEqual([['a']])
    expect(mailbox.idle).toBe(true)
  })

  test('refuses what exceeds the queue', async () => {
    const { mailbox, turns } = manual({ queueRequestsMax: 2, queueBytesMax: 10 })
    const first = mailbox.submit('a', 100, never)
    await settled()
    const second = mailbox.submit('b', 4, never)
    await expect(mailbox.submit('wide', 7, never)).rejects.toMatchObject({ code: 'queue-full' })
    const third = mailbox.submit('c', 4, never)
    await expect(mailbox.submit('d', 1, never)).rejects.toMatchObject({ code: 'queue-full' })
    turns[0]?.end()
    await settled()
    turns[1]?.end()
    expect(await Promise.all([first, second, third])).toEqual(['a!', 'b!', 'c!'])
  })

  test('fails one request by its outcome and all of a turn by a throw', async () => {
    const { mailbox, turns } = manual()
    const bad = mailbox.submit('bad', 1, never)
    const good = mailbox.submit('good', 1, never)
    const expectations = [expect(bad).rejects.toMatchObject({ code: 'request-too-old' }), expect(good).resolves.toBe('good!')]
    await settled()
    turns[0]?.end()
    await Promise.all(expectations)
    const lost = ['a', 'b'].map((request) => expect(mailbox.submit(request, 1, never)).rejects.toThrow('disk'))
    await settled()
    turns[1]?.fail(new Error('disk'))
    await Promise.all(lost)
    const after = mailbox.submit('c', 1, never)
    await settled()
    turns[2]?.end()
    expect(await after).toBe('c!')
  })

  test('stops after the turn in flight and refuses the rest', async () => {
    const { mailbox, turns } = manual()
    const first = mailbox.submit('a', 1, never)
    await settled()
    const second = expect(mailbox.submit('b', 1, never)).rejects.toMatchObject({ code: 'not-running' })
    let stopped = false
    const stop = mailbox.stop().then(() => {
      stopped = true
    })
    await second
    expect(stopped).toBe(false)
    turns[0]?.end()
    expect(await first).toBe('a!')
    await stop
    await expect(mailbox.submit('c', 1, never)).rejects.toMatchObject({ code: 'not-running' })
  })
})

describe('mailboxes', () => {
  test('run blocks side by side and drop those without work', async () => {
    const ends: (() => void)[] = []
    const seen: string[] = []
    const mailboxes = new Mailboxes<string, string>(defaultLimits, async (block, requests) => {
      seen.push(`${block}:${requests.join()}`)
      await new Promise<void>((resolve) => ends.push(resolve))
      return requests
    })
    const controller = new AbortController()
    const all = [mailboxes.submit('x', '1', 1, never), mailboxes.submit('y', '2', 1, never)]
    const aborted = expect(mailboxes.submit('z', '3', 1, controller.signal)).rejects.toMatchObject({ code: 'cancelled' })
    await settled()
    controller.abort(new CodedError('cancelled', 'gone'))
    await aborted
    expect(seen).toEqual(['x:1', 'y:2', 'z:3'])
    expect(mailboxes.size).toBe(3)
    for (const end of ends) end()
    expect(await Promise.all(all)).toEqual(['1', '2'])
    await settled()
    expect(mailboxes.size).toBe(0)
    await mailboxes.stop()
    await expect(mailboxes.submit('x', '4', 1, never)).rejects.toMatchObject({ code: 'not-running' })
  })
})
