import { CodedError } from '../../../shared/coded-error.ts'
import type { PassportChain } from '../../core/access/passport.ts'
import { decodePassportChain, encodePassportChain } from '../../core/access/passport.ts'
import { encodeText } from '../../core/base/text.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'

const passportKey = encodeText('passport')

/** The passport that admitted this node, with its chain. */
export function writeOwnPassport(chain: PassportChain): RecordWrite {
  return { kind: 'put', family: 'local', key: passportKey, value: encodePassportChain(chain) }
}

/** Undefined on a node that was admitted by nobody: it founded its network. Throws CodedError `store-damaged`. */
export async function readOwnPassport(store: RecordStore): Promise<PassportChain | undefined> {
  const bytes = await store.get('local', passportKey)
  if (bytes === undefined) return undefined
  const chain = decodePassportChain(bytes)
  if (chain !== undefined) return chain
  throw new CodedError('store-damaged', 'the passport of this node (family local, key passport) cannot be read')
}
