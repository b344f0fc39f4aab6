import type { WorldReport } from './world-report.ts'

/** What a run of many worlds came to: a run that met no fault has shown nothing. */
export class Summary {
  worlds = 0
  failed = 0
  readonly #counts = new Map<string, number>()

  add({ failure, operations, unanswered, starts, simulatedMs, faults }: WorldReport): void {
    this.worlds += 1
    if (failure !== undefined) this.failed += 1
    for (const [name, count] of Object.entries({ operations, unanswered, starts, simulatedMs, ...faults })) {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + count)
    }
  }

  text(): string {
    const counts = [...this.#counts].map(([name, count]) => `${name} ${count}`)
    return `${this.worlds} worlds, ${this.failed} failed · ${counts.join(', ')}`
  }
}
