import keyValueStore from '../../../../protos/memo/kvs/memo_kvs.proto?raw'
import blocks from '../../../../protos/memo/v1/blocks.proto?raw'
import call from '../../../../protos/memo/v1/call.proto?raw'
import keyValue from '../../../../protos/memo/v1/key_value.proto?raw'
import valueStore from '../../../../protos/memo/vs/memo_vs.proto?raw'

export interface ProtoFile {
  /** Under the folder that a compiler is told to look in. */
  readonly path: string
  readonly text: string
}

/** The contract that the node of this version serves, in the bundle, so that nothing has to be fetched. */
export const protoFiles: readonly ProtoFile[] = [
  { path: 'memo/v1/key_value.proto', text: keyValue },
  { path: 'memo/v1/call.proto', text: call },
  { path: 'memo/v1/blocks.proto', text: blocks },
  { path: 'memo/kvs/memo_kvs.proto', text: keyValueStore },
  { path: 'memo/vs/memo_vs.proto', text: valueStore },
]
