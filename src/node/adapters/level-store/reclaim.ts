/** Gives back the disk space of segments that hold little or nothing that is alive. */

export class Reclaim {
  close(): Promise<void> {
    return Promise.resolve()
  }
}
