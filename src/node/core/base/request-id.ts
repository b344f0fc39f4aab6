/** Names one intention of a caller, so that it is carried out at most once however often it is sent. */
export interface RequestId {
  /** 16 bytes that name the caller's session. */
  readonly session: Uint8Array
  /** Counts the caller's requests within its session. */
  readonly sequence: bigint
  /** HLC at which the caller first issued the request; outcomes older than their retention are refused as `request-too-old`. */
  readonly issued: bigint
}
