const prefix = 'memo.panes.'

/** Sizes of panes outlive the page; where nothing may be stored they start anew. */
export const savedLayouts = {
  getItem(name: string): string | null {
    try {
      return localStorage.getItem(prefix + name)
    } catch {
      return null
    }
  },
  setItem(name: string, value: string): void {
    try {
      localStorage.setItem(prefix + name, value)
    } catch {
      // A full or forbidden store costs the sizes and nothing else.
    }
  },
}
