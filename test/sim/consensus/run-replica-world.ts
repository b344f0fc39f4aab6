import { Trace } from '../trace.ts'
import type { WorldReport } from '../world-report.ts'
import type { ReplicaProfile } from './replica-profile.ts'
import { ReplicaWorld } from './replica-world.ts'

export interface RunOptions {
  readonly change?: (profile: ReplicaProfile) => ReplicaProfile
  readonly print?: (line: string) => void
}

/** One world from its beginning to its end. Lines are written for those that fail only, in a second run: they would take most of the time. */
export function runReplicaWorld(seed: number, { change, print }: RunOptions = {}): WorldReport {
  const options = change === undefined ? {} : { change }
  if (print !== undefined) return new ReplicaWorld(seed, { ...options, trace: new Trace(print) }).run()
  const report = new ReplicaWorld(seed, options).run()
  if (report.failure === undefined) return report
  return new ReplicaWorld(seed, { ...options, trace: new Trace() }).run()
}
