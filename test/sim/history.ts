/** What the clients of a world asked for and were told, object by object. */
import type { Operation } from './check-linearizable.ts'

interface Recorded<Call, Answer> extends Operation<Call, Answer> {
  readonly object: string
  answeredAt: number
  answer: Answer | undefined
}

export interface OpenOperation<Answer> {
  /** What it was told. */
  answered(answer: Answer): void
  /** It certainly changed nothing. */
  void(): void
}

export class History<Call, Answer> {
  readonly #operations = new Set<Recorded<Call, Answer>>()
  #moment = 0

  /** Whatever is called from here on comes later. */
  get moment(): number {
    return this.#moment
  }

  begin(object: string, call: Call): OpenOperation<Answer> {
    const operation: Recorded<Call, Answer> = {
      object,
      call,
      calledAt: this.#moment++,
      answeredAt: Number.POSITIVE_INFINITY,
      answer: undefined,
    }
    this.#operations.add(operation)
    return {
      answered: (answer) => {
        operation.answer = answer
        operation.answeredAt = this.#moment++
      },
      void: () => void this.#operations.delete(operation),
    }
  }

  of(object: string): readonly Operation<Call, Answer>[] {
    return [...this.#operations].filter((each) => each.object === object)
  }

  get objects(): ReadonlySet<string> {
    return new Set([...this.#operations].map(({ object }) => object))
  }

  get unanswered(): number {
    return [...this.#operations].filter(({ answer }) => answer === undefined).length
  }

  /** How many answers are so. */
  count(isSo: (answer: Answer) => boolean): number {
    return [...this.#operations].filter(({ answer }) => answer !== undefined && isSo(answer)).length
  }

  get size(): number {
    return this.#operations.size
  }
}
