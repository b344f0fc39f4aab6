/** Runs tasks side by side within a count and a weight, and remembers the first failure, after which it takes no more. */
export class BoundedTasks {
  private readonly countMax: number
  private readonly weightMax: number
  private count = 0
  private weight = 0
  private failure: { readonly error: unknown } | undefined
  private readonly waiting: (() => void)[] = []

  constructor(limits: { readonly countMax: number; readonly weightMax: number }) {
    this.countMax = limits.countMax
    this.weightMax = limits.weightMax
  }

  /** Resolves when the task has begun, not when it has ended. A task heavier than the limit goes alone. Throws an earlier failure. */
  async begin(weight: number, task: () => Promise<void>): Promise<void> {
    while (
      this.failure === undefined &&
      this.count > 0 &&
      (this.count >= this.countMax || this.weight + weight > this.weightMax)
    ) {
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    this.throwFailure()
    this.count += 1
    this.weight += weight
    void task()
      .catch((error: unknown) => {
        this.failure ??= { error }
      })
      .finally(() => {
        this.count -= 1
        this.weight -= weight
        this.wake()
      })
  }

  /** Resolves when no task runs any more; throws the first failure. */
  async settled(): Promise<void> {
    while (this.count > 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
    this.throwFailure()
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}
