"""The peer of our trainer in PyTorch eager with autograd: same checkpoints, same batch, same step.

Needs torch and numpy only. Reads one JSON command a line from stdin and answers each with one line:

  {"command": "open", "model": DIR, "threads": 2, "onGpu": false, "batch": DIR, "texts": B, "textLength": T,
   "memoryLength": N, "labelSmoothing": 0.1, "weightDecay": 0.01, "clipNorm": 1}
  {"command": "step", "rate": 1e-4, "texts": B}       of the batch's texts the first so many

With "onGpu" it is on the GPU that PyTorch finds, if it finds one; "device" of the first answer says what it is on.

DIR of the batch holds memory.f32 [B, N, dv], tokens.i64 and targets.i64 [B, T], raw and little-endian. Answers carry
"loss", "gradientNorm", "elapsedMs", "processorMs" of all threads, and "peakMb", the most memory that the process had.
"""

import json
import os
import struct
import sys
import time

import numpy
import torch
import torch.nn.functional as F


def map_safetensors(path):
    """name -> float32 tensor where it lies in its file: frozen weights cost no memory of their own."""
    with open(path, "rb") as file:
        (header_length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_length))
    whole = numpy.memmap(path, dtype=numpy.uint8, mode="c")
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32"
        start, end = (8 + header_length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.from_numpy(whole[start:end].view("<f4").reshape(entry["shape"]))
    return tensors


class Training:
    def __init__(self, request):
        torch.set_num_threads(request["threads"])
        self.device = "cuda" if request["onGpu"] and torch.cuda.is_available() else "cpu"
        directory = request["model"]
        with open(os.path.join(directory, "config.json")) as file:
            config = json.load(file)
        self.config, self.itune = config["gpt2"], config["itune"]
        there = lambda tensors: {name: tensor.to(self.device) for name, tensor in tensors.items()}
        self.frozen = there(map_safetensors(os.path.join(directory, "gpt2.safetensors")))
        adapter = there(map_safetensors(os.path.join(directory, "itune.safetensors")))
        self.adapter = {name: tensor.clone().requires_grad_() for name, tensor in adapter.items()}
        self.smoothing, self.clip = request["labelSmoothing"], request["clipNorm"]
        self.optimizer = torch.optim.AdamW(self.adapter.values(), weight_decay=request["weightDecay"], fused=True)
        texts, length = request["texts"], request["textLength"]
        read = lambda name, kind: torch.from_numpy(numpy.fromfile(os.path.join(request["batch"], name), dtype=kind))
        self.memory = read("memory.f32", "<f4").view(texts, request["memoryLength"], -1)
        self.tokens = read("tokens.i64", "<i8").view(texts, length)
        self.targets = read("targets.i64", "<i8").view(texts, length)

    def logits(self, texts):
        width, heads, epsilon = self.config["n_embd"], self.config["n_head"], self.config.get("layer_norm_epsilon", 1e-5)
        get = self.frozen.__getitem__
        norm = lambda x, name: F.layer_norm(x, (width,), get(name + ".weight"), get(name + ".bias"), epsilon)
        # Conv1D keeps [in, out].
        conv = lambda x, name: torch.addmm(get(name + ".bias"), x, get(name + ".weight"))
        linear = lambda x, name: F.linear(x, self.adapter[name + ".weight"], self.adapter[name + ".bias"])
        memory, tokens = self.memory[:texts].to(self.device), self.tokens[:texts].to(self.device)
        length = tokens.shape[1]
        apart = lambda x, count: x.view(texts, -1, count, x.shape[-1] // count).transpose(1, 2)
        together = lambda x: x.transpose(1, 2).reshape(texts * length, -1)
        memory = memory.view(-1, memory.shape[-1])
        x = (get("wte.weight")[tokens] + get("wpe.weight")[:length]).view(texts * length, width)
        for index in range(self.config["n_layer"]):
            layer = f"h.{index}."
            joined = conv(norm(x, layer + "ln_1"), layer + "attn.c_attn")
            q, k, v = (apart(part, heads) for part in joined.split(width, dim=1))
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + conv(together(mixed), layer + "attn.c_proj")
            normed = norm(x, layer + "ln_2")
            wide = F.gelu(conv(normed, layer + "mlp.c_fc"), approximate="tanh")
            change = conv(wide, layer + "mlp.c_proj")
            if index >= self.itune["first_layer"]:
                module, parts = layer + "itune.", self.itune["heads"]
                q = apart(linear(normed, module + "q_proj"), parts)
                k = apart(linear(memory, module + "k_proj"), parts)
                v = apart(linear(memory, module + "v_proj"), parts)
                seen = together(F.scaled_dot_product_attention(q, k, v))
                change = change + self.itune.get("scale", 1.0) * linear(seen, module + "o_proj")
            x = x + change
        return F.linear(norm(x, "ln_f"), get("wte.weight"))

    def step(self, rate, texts):
        started, before = time.perf_counter(), time.process_time()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        targets = self.targets[:texts].to(self.device)
        loss = F.cross_entropy(self.logits(texts), targets.view(-1), label_smoothing=self.smoothing)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.adapter.values(), self.clip)
        self.optimizer.step()
        if self.device == "cuda":
            torch.cuda.synchronize()
        loss, norm = loss.item(), norm.item()
        elapsed, worked = time.perf_counter() - started, time.process_time() - before
        return {"loss": loss, "gradientNorm": norm, "elapsedMs": elapsed * 1000,
                "processorMs": worked * 1000, "peakMb": peak_mb()}


def peak_mb():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:"))


def main():
    training = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["command"] == "open":
            training = Training(request)
            device = torch.cuda.get_device_name() if training.device == "cuda" else "the processor"
            reply = {"torch": torch.__version__, "device": device}
        else:
            reply = training.step(request["rate"], request["texts"])
        print(json.dumps(reply), flush=True)


main()
