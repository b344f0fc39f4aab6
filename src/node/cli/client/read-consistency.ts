import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { CodedError } from '../../../shared/coded-error.ts'
import { Consistency } from '../../api/grpc/generated/memo/v1/call_pb.js'
import { optionOf } from '../commands/option-values.ts'

export interface ReadFlags {
  readonly consistency?: string
  readonly staleness?: number
}

/** As requests of memo.v1 say it. */
export interface ConsistencyFields {
  readonly consistency?: Consistency
  readonly stalenessMs?: number
}

const kinds: Readonly<Record<string, Consistency>> = {
  linearizable: Consistency.LINEARIZABLE,
  bounded: Consistency.BOUNDED,
  eventual: Consistency.EVENTUAL,
}
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Adds what commands have that read. */
export function withReadOptions(command: Command): Command {
  return command
    .addOption(
      optionOf(
        '--consistency <KIND>',
        'linearizable (sees every answered change), bounded (may lack the last ones) or eventual (what the nearest copy says)',
        Object.keys(kinds),
      ),
    )
    .option('--staleness <TIME>', 'how old a bounded answer may be, such as 500ms, 5s or 10m; without it 5s', stalenessTime)
}

export function consistencyFields({ consistency, staleness }: ReadFlags): ConsistencyFields {
  const kind = consistency === undefined ? undefined : kinds[consistency]
  if (consistency !== undefined && kind === undefined) {
    throw new CodedError('invalid-argument', `--consistency "${consistency}" is none of ${Object.keys(kinds).join(', ')}`)
  }
  if (staleness !== undefined && kind !== Consistency.BOUNDED) {
    throw new CodedError('invalid-argument', '--staleness needs --consistency bounded')
  }
  return { ...(kind !== undefined && { consistency: kind }), ...(staleness !== undefined && { stalenessMs: staleness }) }
}

/** What JSON says of the age of an answer: null where nobody knows it, nothing where it was asked for as of now. */
export function ageJson({ consistency }: ConsistencyFields, ageMs: bigint | undefined): { readonly ageMs?: number | null } {
  if (consistency === undefined || consistency === Consistency.LINEARIZABLE) return {}
  return { ageMs: ageMs === undefined ? null : Number(ageMs) }
}

/** For commander: 500ms, 5s, 10m or 1h, in milliseconds; the node knows the most that it may be. */
function stalenessTime(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,7})(ms|s|m|h)$/.exec(text) ?? []
  const valueMs = Number(digits) * (unitMs[unit] ?? Number.NaN)
  if (!(valueMs <= 0xff_ff_ff_ff)) throw new InvalidArgumentError('It must be a time such as 500ms, 5s or 10m.')
  return valueMs
}
