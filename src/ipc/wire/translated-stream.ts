/** A stream whose errors are told in other words. Not a generator: one of those cannot be ended while it waits for its next value. */
export function translatedStream<Item>(
  inner: AsyncIterator<Item>,
  translate: (error: unknown) => unknown,
): AsyncIterableIterator<Item> {
  const translated = async (step: Promise<IteratorResult<Item>> | undefined): Promise<IteratorResult<Item>> => {
    try {
      return (await step) ?? { done: true, value: undefined }
    } catch (error) {
      throw translate(error)
    }
  }
  return {
    next: () => translated(inner.next()),
    return: (value) => translated(inner.return?.(value)),
    throw: (error) => translated(inner.throw?.(error)),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Whether a procedure gave a stream of events. */
export function isStream(output: unknown): output is AsyncIterableIterator<unknown> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output
}
