import { CodedError } from '../../../shared/coded-error.ts'
import { inviteUsesMax, inviteValidityMaxMs } from '../../core/overlay/admission-section.ts'
import type { InviteOptions } from './cluster-service.ts'

const inviteValidityMinMs = 1000
/** Where a caller says nothing. */
export const defaultInvite: InviteOptions = { uses: 1, validityMs: 24 * 60 * 60_000 }

/** Throws CodedError `invalid-argument` for what no network keeps. */
export function checkInviteOptions({ uses, validityMs }: InviteOptions): void {
  if (!Number.isInteger(uses) || uses < 1 || uses > inviteUsesMax) {
    throw new CodedError('invalid-argument', `an invite has 1 to ${inviteUsesMax} uses`)
  }
  if (!Number.isInteger(validityMs) || validityMs < inviteValidityMinMs || validityMs > inviteValidityMaxMs) {
    throw new CodedError('invalid-argument', `an invite is valid for 1 second to ${inviteValidityMaxMs / 86_400_000} days`)
  }
}
