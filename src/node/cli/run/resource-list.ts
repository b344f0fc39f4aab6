/** What a start has acquired, to be released in reverse order of it. */
export class ResourceList {
  readonly #releases: (() => PromiseLike<void>)[] = []

  add(release: () => PromiseLike<void>): void {
    this.#releases.push(release)
  }

  /**
   * Each even when another fails; returns what failed. `hurry` stops the wait for the faces, never for node and store, which are the
   * first two.
   */
  async releaseAll(hurry: Promise<void>): Promise<readonly unknown[]> {
    const failures: unknown[] = []
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      const released = release().then(undefined, (error: unknown) => void failures.push(error))
      await (this.#releases.length > 1 ? Promise.race([released, hurry]) : released)
    }
    return failures
  }
}
