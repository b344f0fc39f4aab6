/** Takes what calls did, many times a second: each call costs a few additions. */
export interface ActivityRecorder {
  /** Values that one call wrote, their bytes, and how long it took. A removal writes none. */
  changed(puts: number, bytes: number, durationMs: number): void
  /** Values that one call gave out. */
  read(gets: number, bytes: number, durationMs: number): void
  /** One fdatasync of the journal. */
  synced(durationMs: number): void
}

/** For processes that keep no history. */
export const noActivity: ActivityRecorder = { changed: () => {}, read: () => {}, synced: () => {} }
