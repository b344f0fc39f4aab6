/** SHA-256 (FIPS 180-4) over the concatenation of the parts, 32 bytes. The one piece of cryptography that pure code computes with. */
export interface Digest {
  sha256(...parts: readonly Uint8Array[]): Uint8Array
}
