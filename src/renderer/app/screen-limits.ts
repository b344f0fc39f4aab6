/** Of what the screens themselves keep. */
export const screenLimits = {
  /** Texts that are typed and not saved. */
  draftsMax: 32,
  /** Drafts of another network that are named one by one. */
  namedDraftsMax: 5,
  /** Keys that the palette proposes. */
  paletteKeysMax: 8,
  paletteCommandsMax: 20,
  /** Time without typing after which the palette asks the node. */
  paletteDelayMs: 120,
  /** A start that takes longer shows what it waits for. */
  slowStartMs: 10_000,
  /** The other pages are fetched when the browser is idle, or after this time. */
  preloadDelayMs: 2000,
} as const
