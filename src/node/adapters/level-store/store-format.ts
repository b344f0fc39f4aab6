/**
 * Which versions of the program can read a data directory. Format 1 knows the first seven record families, format 2 all of them.
 * `FORMAT` names the least format that covers what was ever written: it is raised, durably, before the first record of a family that
 * it does not cover goes into the journal, and is never lowered. So whoever kept nothing of the kind may go back to an older version,
 * and an older version never meets what it would take for damage.
 */

/** The newest format: what this version reads at most. */
export const storeFormat = 2
export const firstStoreFormat = 1
export const firstFormatFamilies = 7
