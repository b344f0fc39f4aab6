/** Zstandard (RFC 8878). Large inputs may be handled off the main thread, hence the promise. */
export interface Compressor {
  compress(plain: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Throws CodedError `data-corrupt` when the input is damaged or would exceed `plainBytesMax`. */
  decompress(packed: Uint8Array, plainBytesMax: number): Uint8Array | Promise<Uint8Array>
}
