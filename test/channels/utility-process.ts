import { EventEmitter } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { portChannel } from '../../src-main/channels/message-port.ts'
import { ownChannel } from '../../src-main/channels/own-channel.ts'
import { connect, serve } from '../../src-main/contract/rpc.ts'
import { EventPort } from './event-port.ts'
import { portCalls } from './port-calls.ts'

// The program of `own-channel.test.ts`: a process to which a port is handed as Electron does.

const parentPort = new EventEmitter()
Object.assign(process, { parentPort })
const { port1, port2 } = new MessageChannel()
setImmediate(() => parentPort.emit('message', { data: { kind: 'host' }, ports: [new EventPort(port2)] }))

serve(await ownChannel(), { data: portCalls.data }, { data: () => 'over the port' })
const here = portChannel(new EventPort(port1))
console.log(await connect(here, { data: portCalls.data }).data(null))
here.close()
setInterval(() => {}, 1000)
