import type { Page } from 'playwright'
import type { Frame } from './counted-frames.ts'
import { KeysScreen } from './keys-screen.ts'
import { say } from './words.ts'

export interface KeysFigures {
  /** From the answer of the node to the first frame that shows it. */
  readonly firstPaintMs: number
  readonly framesPerSecond: number
  /** The longest time for which the page did not react while the list was scrolled from end to end. */
  readonly longestTaskMs: number
  readonly heapBytes: number
  /** Most rows in the document at a time. */
  readonly rowsMax: number
  readonly listRequests: number
}

/** In the page: when the last answer came, and what happened frame by frame. As text, so that no type of a browser is needed here. */
const watch = `(() => {
  const seen = { answerMs: 0, longestTaskMs: 0 }
  Object.assign(globalThis, { seen })
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestTaskMs = Math.max(seen.longestTaskMs, duration)
  }).observe({ entryTypes: ['longtask'] })
  const Plain = globalThis.WebSocket
  globalThis.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args)
      this.addEventListener('message', ({ data }) => { if (String(data).includes('"prefixes"')) seen.answerMs = performance.now() })
    }
  }
})()`

/** A row with this text is in the next frame: how long after the answer that was. */
const painted = (text: string) => `new Promise((resolve) => {
  const look = () => {
    const row = [...document.querySelectorAll('[role=treeitem]')].find((each) => each.textContent?.includes(${JSON.stringify(text)}))
    if (row === undefined) requestAnimationFrame(look)
    else requestAnimationFrame(() => resolve(performance.now() - globalThis.seen.answerMs))
  }
  look()
})`

const frames = 180

/** Through the list from its beginning to its end, a step for each frame. */
const scrolled = `new Promise((resolve) => {
  const tree = document.querySelector('[role=tree]')
  const step = (tree.scrollHeight - tree.clientHeight) / ${frames}
  globalThis.seen.longestTaskMs = 0
  const startMs = performance.now()
  let rowsMax = 0
  let at = 0
  const next = () => {
    rowsMax = Math.max(rowsMax, tree.querySelectorAll('[role=treeitem]').length)
    if (at === ${frames}) {
      resolve({ seconds: (performance.now() - startMs) / 1000, rowsMax })
      return
    }
    at += 1
    tree.scrollTop = at * step
    requestAnimationFrame(next)
  }
  requestAnimationFrame(next)
})`

/**
 * Opens a folder of very many keys, loads all of them and scrolls through. The page is loaded anew for it, and its frames are those
 * of the given list.
 */
export async function measureKeys(page: Page, sent: readonly Frame[], folder: string, firstRow: string): Promise<KeysFigures> {
  await page.addInitScript({ content: watch })
  await page.reload()
  const keys = await KeysScreen.open(page)
  await keys.row(folder).click()
  const firstPaintMs = Number(await page.evaluate(painted(firstRow)))
  const isListing = ({ sent: out, text }: Frame) => out && text.includes('/kv/list')
  const before = sent.filter(isListing).length
  await keys.tree.press('End')
  await keys.tree.getByText(say.keys('loadAll'), { exact: true }).click()
  await keys.list.getByText(new RegExp(`^${say.keys('complete')}`)).waitFor({ timeout: 600_000 })
  const listRequests = sent.filter(isListing).length - before
  const { seconds, rowsMax } = (await page.evaluate(scrolled)) as { readonly seconds: number; readonly rowsMax: number }
  const longestTaskMs = Number(await page.evaluate('globalThis.seen.longestTaskMs'))
  return {
    firstPaintMs,
    framesPerSecond: frames / seconds,
    longestTaskMs,
    heapBytes: await heapBytes(page),
    rowsMax,
    listRequests,
  }
}

async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}
