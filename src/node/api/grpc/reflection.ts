import type { DescFile, DescService } from '@bufbuild/protobuf'
import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { Server } from '@grpc/grpc-js'
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'

/** Tells callers that ask which services there are and what their messages look like, from the descriptors that serve them. */
export function addReflection(server: Server, services: readonly DescService[]): void {
  const files = new Map<string, DescFile>()
  for (const service of services) collect(service.file, files)
  const set = create(FileDescriptorSetSchema, { file: [...files.values()].map((file) => file.proto) })
  const definition = loadFileDescriptorSetFromBuffer(Buffer.from(toBinary(FileDescriptorSetSchema, set)))
  new ReflectionService(definition, { services: services.map((service) => service.typeName) }).addToServer(server)
}

/** Imports before the files that need them. */
function collect(file: DescFile, files: Map<string, DescFile>): void {
  if (files.has(file.name)) return
  for (const dependency of file.dependencies) collect(dependency, files)
  files.set(file.name, file)
}
