/** Limits of the screen of keys; those of the wire are in `wireLimits`. */
export const keysLimits = {
  /** Rows of one step of a folder. */
  pageRows: 500,
  /** Pages out of sight that are read again after a burst of changes; the others wait until they are seen. */
  reloadPagesMax: 16,
  /** Least time between two rounds of reading changed pages again. */
  reloadIntervalMs: 400,
  /** Keys that a search shows; beyond them it ends and says so. */
  searchRowsMax: 10_000,
  /** Keys that cannot be read and are named beside the list. */
  unreadableNamesMax: 3,
  /** What is typed into the filter applies after a pause of so long. */
  filterPauseMs: 250,
  /** A key that was opened and is not listed yet is looked for again, at every change, for so long. */
  revealWaitMs: 5000,
  favouritesMax: 100,
  recentsMax: 12,
  tabsMax: 24,
  /** Keys that are counted before all under a prefix are deleted; beyond them it says that there are more. */
  countKeysMax: 10_000,
  /** Networks whose unsaved texts are kept beside those of the present one; beyond them those of the one that was left first go. */
  keptNetworksMax: 8,
  /** Values up to this size are read without being asked for. */
  autoLoadBytesMax: 256 * 1024,
  /** Values up to this size are read as a whole when asked for; only those can be edited. */
  wholeBytesMax: 4 * 1024 * 1024,
  /** Bytes of one read of a download. */
  downloadReadBytes: 1024 * 1024,
  /** Bytes that are looked at to guess a type where the whole value is not there. */
  sniffBytes: 4096,
  /** Characters of a line above which the view does without colours. */
  plainLineChars: 20_000,
  /** Depth of JSON, CBOR and MessagePack that is still formatted. */
  nestingMax: 200,
  /** Files that an import takes at once. */
  importFilesMax: 50_000,
  /** Rows of an import's preview. */
  previewRows: 50,
  /** A saved mark goes away after so long. */
  savedMarkMs: 2000,
} as const
