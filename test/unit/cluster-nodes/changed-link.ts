import type { InviteLink } from '../../../src/node/core/access/invite-link.ts'
import { formatInviteLink, parseInviteLink } from '../../../src/node/core/access/invite-link.ts'

/** The link as it is, but for what is changed. */
export function changedLink(link: string, changes: Partial<InviteLink>): string {
  const parsed = parseInviteLink(link)
  if (parsed.kind === 'refused') throw new Error(parsed.message)
  return formatInviteLink({ ...parsed.invite, ...changes })
}
