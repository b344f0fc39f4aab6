import { X509Certificate } from 'node:crypto'

/** Whether a certificate in PEM is one for a DNS name; one that cannot be read is for none. */
export function certificateNames(certificatePem: string): (name: string) => boolean {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(certificatePem)
  } catch {
    return () => false
  }
  return (name) => certificate.checkHost(name, { subject: 'never' }) !== undefined
}
