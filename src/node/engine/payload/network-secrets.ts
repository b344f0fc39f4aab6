/** A network secret, one object as long as it is held: the key of every content block comes from it and the block's salt. */
export interface NetworkSecret {
  /** 1 at the foundation, one more with each revocation. */
  readonly epoch: number
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** The network's key ring, opened. */
export interface NetworkSecrets {
  /** The secret that new blocks are encrypted under. */
  current(): NetworkSecret
  /** The secret of an epoch; undefined when this node does not hold it. */
  of(epoch: number): NetworkSecret | undefined
}
