import { vi } from 'vitest'

/** Nothing is laid out here; lists need a size to know which rows are in sight. */
export function stubLayout(size: { readonly width: () => number; readonly height: () => number }): void {
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: size.height })
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: size.width })
  Element.prototype.scrollIntoView = () => undefined
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  )
}
