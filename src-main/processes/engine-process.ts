import { ownChannel } from '../channels/own-channel.ts'
import { type EngineCalls, type EngineEvents, engineCalls } from '../contract/engine-calls.ts'
import { serve } from '../contract/rpc.ts'
import { createEngine } from '../engine/engine.ts'

// The program of the engine's process. Ctrl-C reaches the whole process group: the library decides when the engine
// ends, and the engine ends by itself when the library is gone.
process.on('SIGINT', () => {})

const { emit } = serve<EngineCalls, EngineEvents>(
  await ownChannel(),
  engineCalls,
  createEngine((progress) => emit('trainingProgress', progress)),
)
