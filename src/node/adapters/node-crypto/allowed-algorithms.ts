/**
 * The only algorithms that memo uses: those that OpenSSL (Node) and BoringSSL (Electron) both offer through node:crypto. ChaCha20-
 * Poly1305, BLAKE2 and argon2 are not among them, nor are raw-buffer keys; whatever else is needed has to come from @noble.
 */
export const allowedAlgorithms = {
  hash: 'sha256',
  cipher: 'aes-256-gcm',
  /** Cost 2^15, about 32 MiB and 50 ms: for passphrases that a person types. */
  stretch: { cost: 32_768, blockSize: 8, parallelization: 1, maxmem: 64 * 1024 * 1024 },
} as const

/**
 * DER around 32 raw key bytes (RFC 8410). Both libraries read these; for raw keys Node has only JWK, where every key would go through
 * base64 text.
 */
export const keyEnvelopes = {
  ed25519Private: Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20),
  ed25519Public: Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0),
  x25519Private: Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20),
  x25519Public: Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0),
} as const
