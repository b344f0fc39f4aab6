/** A bare grpc-js server that answers what it was sent; prints its port. Run as a child process by the bench. */
import { join } from 'node:path'
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const loaded = loadPackageDefinition(loadSync(join(import.meta.dirname, 'protos/echo.proto')))
const bench = loaded.bench as unknown as { readonly Echo: { readonly service: Parameters<Server['addService']>[0] } }
const server = new Server({ 'grpc.max_receive_message_length': -1 })
server.addService(bench.Echo.service, {
  Call: (call: { readonly request: unknown }, answer: (error: null, response: unknown) => void) => answer(null, call.request),
})
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  console.log(port)
})
process.on('SIGTERM', () => server.forceShutdown())
