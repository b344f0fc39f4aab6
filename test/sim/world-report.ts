/** What a world came to. */
export interface WorldReport {
  readonly seed: number
  readonly hash: string
  readonly operations: number
  /** Changes that were never answered. */
  readonly unanswered: number
  readonly starts: number
  /** Of each kind, and what else is counted in worlds of its sort. */
  readonly faults: Readonly<Record<string, number>>
  readonly simulatedMs: number
  /** Why the world failed, with the last lines of its trace. */
  readonly failure?: { readonly message: string; readonly profile: string; readonly trace: readonly string[] }
}
