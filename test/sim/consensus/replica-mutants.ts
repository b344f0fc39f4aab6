/** Deliberate mistakes in the consensus machine and in what stands around it here, each with a profile in which it shows. */
import type { Mutant } from '../mutants.ts'
import type { ReplicaProfile } from './replica-profile.ts'

export const replicaMutants: readonly Mutant<ReplicaProfile>[] = []
