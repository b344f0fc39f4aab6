import { makeCertificate } from '../../../src/node/adapters/tls-certificate/make-certificate.ts'
import type { PeerCertificate } from '../../../src/node/adapters/tls-transport/tls-links.ts'

export function testCertificate(): PeerCertificate {
  const { certificatePem, keyPem } = makeCertificate(['memo'])
  return { cert: certificatePem, key: keyPem }
}
