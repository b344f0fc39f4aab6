/**
 * The lines of the log that a screen holds. Invariants: in the order of their sequence, none twice, at most `linesMax`. While the
 * person reads (paused) nothing that is shown moves: lines that come are only counted once there is no room for them.
 */

import type { LogLine, LogPage } from '../../../ipc/contract/log-schemas.ts'

/** Lines that a screen holds; the node keeps more, and earlier ones are asked for again. */
export const linesMax = 10_000

export interface LogBuffer {
  readonly lines: readonly LogLine[]
  /** Earlier lines may exist in the node: so until a page says that there are none. */
  readonly more: boolean
  readonly following: boolean
  /** Lines that came since the person left the end. */
  readonly unseen: number
  /** The lines that are held do not reach up to the newest: these came and were not kept. */
  readonly lost: number
  /** Lines were let go at the beginning to stay within the limit. */
  readonly trimmed: boolean
}

export const emptyBuffer: LogBuffer = { lines: [], more: true, following: true, unseen: 0, lost: 0, trimmed: false }

/** The newest page. Lines of the tail that are newer than it stay; for a person who reads elsewhere it is only news. */
export function startWith(buffer: LogBuffer, page: Pick<LogPage, 'lines' | 'more'>): LogBuffer {
  if (!buffer.following && buffer.lines.length > 0) return asNews(buffer, page.lines)
  const last = page.lines.at(-1)?.sequence ?? 0
  const newer = buffer.lines.filter(({ sequence }) => sequence > last)
  return { ...emptyBuffer, lines: [...page.lines, ...newer], more: page.more }
}

function asNews(buffer: LogBuffer, lines: readonly LogLine[]): LogBuffer {
  const last = buffer.lines.at(-1)?.sequence ?? 0
  const newer = lines.filter(({ sequence }) => sequence > last)
  // A page that begins behind what is held leaves a hole that only reading anew closes.
  return newer.length === lines.length && lines.length > 0 ? withGap(buffer, newer.length) : withTail(buffer, newer)
}

export function withTail(buffer: LogBuffer, lines: readonly LogLine[]): LogBuffer {
  const last = buffer.lines.at(-1)?.sequence ?? 0
  const fresh = lines.filter(({ sequence }) => sequence > last)
  if (fresh.length === 0) return buffer
  if (buffer.following) return trimmedFront({ ...buffer, lines: [...buffer.lines, ...fresh] })
  const unseen = buffer.unseen + fresh.length
  const room = buffer.lost > 0 ? 0 : Math.max(0, linesMax - buffer.lines.length)
  return {
    ...buffer,
    lines: room === 0 ? buffer.lines : [...buffer.lines, ...fresh.slice(0, room)],
    unseen,
    lost: buffer.lost + Math.max(0, fresh.length - room),
  }
}

/** The node dropped lines on the way: what is held ends before them until it is read anew. */
export function withGap(buffer: LogBuffer, dropped: number): LogBuffer {
  return { ...buffer, lost: buffer.lost + dropped, unseen: buffer.following ? 0 : buffer.unseen + dropped }
}

/** A page of earlier lines. What does not fit is let go: it is the person who scrolls towards them. */
export function withEarlier(buffer: LogBuffer, page: Pick<LogPage, 'lines' | 'more'>): LogBuffer {
  const first = buffer.lines[0]?.sequence ?? Number.POSITIVE_INFINITY
  const earlier = page.lines.filter(({ sequence }) => sequence < first)
  const lines = [...earlier, ...buffer.lines]
  const cut = Math.max(0, lines.length - linesMax)
  return {
    ...buffer,
    lines: cut === 0 ? lines : lines.slice(0, linesMax),
    more: page.more,
    // What was cut at the end is newer than all that is held, and read anew when the person goes there.
    lost: buffer.lost + cut,
  }
}

export function paused(buffer: LogBuffer): LogBuffer {
  return buffer.following ? { ...buffer, following: false, unseen: 0 } : buffer
}

/** Back at the end. With lost lines the newest page has to be read anew, see `needsReload`. */
export function followed(buffer: LogBuffer): LogBuffer {
  return buffer.following ? buffer : trimmedFront({ ...buffer, following: true, unseen: 0 })
}

export function needsReload(buffer: LogBuffer): boolean {
  return buffer.following && buffer.lost > 0
}

function trimmedFront(buffer: LogBuffer): LogBuffer {
  const over = buffer.lines.length - linesMax
  return over <= 0 ? buffer : { ...buffer, lines: buffer.lines.slice(over), more: true, trimmed: true }
}
