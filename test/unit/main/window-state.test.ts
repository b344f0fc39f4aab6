import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { menuCommands, menuTemplate } from '../../../src/main/app-menu.ts'
import { OrderlyQuit } from '../../../src/main/orderly-quit.ts'
import { PageRecovery } from '../../../src/main/window/page-recovery.ts'
import { openingBounds, windowSizes, windowStateSchema } from '../../../src/main/window/window-state.ts'

const screen = { x: 0, y: 0, width: 1920, height: 1040 }
const second = { x: 1920, y: 0, width: 1280, height: 1024 }

function opened(bounds: { x: number; y: number; width: number; height: number } | undefined, areas = [screen]) {
  return openingBounds({ maximized: false, ...(bounds !== undefined && { bounds }) }, areas)
}

describe('the window opens', () => {
  test('in its own size in the middle at first', () => {
    expect(opened(undefined)).toEqual({ width: 1280, height: 800 })
  })

  test('where it was left, also on another display', () => {
    const bounds = { x: 100, y: 50, width: 900, height: 600 }
    expect(opened(bounds)).toEqual(bounds)
    expect(opened({ ...bounds, x: 2_000 }, [screen, second])).toEqual({ ...bounds, x: 2_000 })
  })

  test.each([
    ['on a display that is gone', { x: 2_000, y: 50, width: 900, height: 600 }],
    ['above the display', { x: 100, y: -200, width: 900, height: 600 }],
    ['below the display', { x: 100, y: 1_030, width: 900, height: 600 }],
    ['but for a sliver', { x: 1_900, y: 100, width: 900, height: 600 }],
  ])('in the middle where it was left %s', (_name, bounds) => {
    expect(opened(bounds)).toEqual({ width: 1280, height: 800 })
  })

  test('no larger than the display and no smaller than its least', () => {
    expect(opened({ x: 0, y: 0, width: 5_000, height: 5_000 })).toMatchObject({ width: 1920, height: 1040 })
    expect(opened({ x: 0, y: 0, width: 10, height: 10 })).toMatchObject({
      width: windowSizes.widthMin,
      height: windowSizes.heightMin,
    })
    expect(opened(undefined, [{ x: 0, y: 0, width: 800, height: 600 }])).toEqual({ width: 800, height: 600 })
    expect(opened(undefined, [])).toEqual({ width: 1280, height: 800 })
  })

  test('a file with impossible sizes is none', () => {
    const bounds = { x: 0, y: 0, width: -1, height: 1e9 }
    expect(windowStateSchema.safeParse({ bounds, maximized: false }).success).toBe(false)
  })
})

test('a page that is gone is loaded again once, and once more after it was calm', () => {
  const recovery = new PageRecovery()
  expect([recovery.gone(0), recovery.gone(59_999), recovery.gone(200_000)]).toEqual(['reload', 'give-up', 'reload'])
})

describe('the way out', () => {
  function bed(stop: () => Promise<void>) {
    const calls: string[] = []
    const log = { quitting: () => void calls.push('log'), failed: ({ what }: { what: string }) => void calls.push(what) }
    const quit = new OrderlyQuit({ quit: () => void calls.push('quit') }, stop, log)
    const ask = (): boolean => {
      let prevented = false
      quit.beforeQuit({
        preventDefault() {
          prevented = true
        },
      })
      return prevented
    }
    return { calls, quit, ask }
  }

  test('holds the quit back until the node is stopped, however often it is asked for', async () => {
    const stopped = Promise.withResolvers<void>()
    let stops = 0
    const { calls, ask, quit } = bed(() => {
      stops += 1
      return stopped.promise
    })
    expect(quit.begun).toBe(false)
    expect([ask(), ask()]).toEqual([true, true])
    expect(quit.begun).toBe(true)
    expect(calls).toEqual(['log'])
    stopped.resolve()
    await Promise.resolve()
    await Promise.resolve()
    expect(calls).toEqual(['log', 'quit'])
    expect(ask()).toBe(false)
    expect(stops).toBe(1)
  })

  test('is open after a stop that failed', async () => {
    const { calls, ask } = bed(() => Promise.reject(new Error('no')))
    ask()
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toEqual(['log', 'stopping the node', 'quit'])
    expect(ask()).toBe(false)
  })
})

describe('the menu', () => {
  const clicked: string[] = []
  const template = (devTools: boolean) =>
    menuTemplate({
      mac: false,
      devTools,
      command: (name) => void clicked.push(name),
      reload: () => void clicked.push('reload'),
      showLogs: () => void clicked.push('logs'),
      restartNode: () => void clicked.push('restart'),
    })

  test('sends commands by the names that it says it sends', () => {
    const items = template(false).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
    for (const item of items) item.click?.(undefined as never, undefined, undefined as never)
    expect(clicked).toEqual(expect.arrayContaining([...menuCommands, 'reload', 'logs', 'restart']))
  })

  test('knows no command that the registry of shortcuts does not', () => {
    const registry = readFileSync(join(import.meta.dirname, '../../../src/renderer/shortcuts/registry.ts'), 'utf8')
    expect(menuCommands.length).toBeGreaterThan(5)
    expect(menuCommands.filter((name) => !registry.includes(`  '${name}': {`))).toEqual([])
  })

  test('has developer tools only where they are allowed', () => {
    expect(JSON.stringify(template(false))).not.toContain('toggleDevTools')
    expect(JSON.stringify(template(true))).toContain('toggleDevTools')
  })
})
