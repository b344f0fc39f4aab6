export interface Liveness {
  /** False where a node is known to be gone; a hint, and never more than that. */
  mayAnswer(nodeId: Uint8Array): boolean
}
