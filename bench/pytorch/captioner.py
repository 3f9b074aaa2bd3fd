"""The peer of our captioner in PyTorch: same checkpoints, same pixels, same beam search, on the processor or a GPU.

Needs torch and numpy, for files PIL (Debian: python3-torch libopenblas0-pthread python3-pil). Reads one JSON command
a line from stdin and answers each with one line:

  {"command": "describe"}                                                  "torch", "card" (null: none), "compiles"
  {"command": "open", "model": DIR, "threads": 2, "beams": 5, "lengthPenalty": 0.8, "maxNewTokens": 16,
   "device": "cpu" or "cuda", "precision": "fp32", "tf32" or "fp16", "compiled": false}
  {"command": "pixels", "path": FILE, "shape": [N, 3, S, S], "batch": 8}   raw little-endian float32
  {"command": "see", "path": FILE, "shape": [N, 3, S, S], "batch": 8}      the vision tower alone
  {"command": "files", "paths": [...], "batch": 8}                         decode, preprocess and caption

Answers carry "ids" (a list a picture, without start and end token), "scores", "elapsedMs" and "processorMs" of all threads; or "error", in
words.
"""

import json
import math
import os
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

try:
    import numpy
    import torch
    import torch.nn.functional as F
except ImportError as error:
    sys.exit(f"{sys.executable}: {error}")


def read_safetensors(path, device, dtype):
    """name -> tensor on the device."""
    dtypes = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (header_length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + header_length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in dtypes:
            continue
        start, end = entry["data_offsets"]
        raw = torch.frombuffer(data, dtype=dtypes[entry["dtype"]], offset=8 + header_length + start,
                               count=(end - start) // (4 if entry["dtype"] == "F32" else 2))
        tensors[name] = raw.reshape(entry["shape"]).to(device, dtype, copy=True)
    return tensors


class VisionTower:
    """CLIP's ViT: pixels [B, 3, S, S] -> memory [B, 1+N, d], without post_layernorm."""

    def __init__(self, weights, config):
        self.heads = config["num_attention_heads"]
        self.epsilon = config.get("layer_norm_eps", 1e-5)
        self.patch = config["patch_size"]
        get = lambda name: weights["vision_model." + name]
        self.patch_weight = get("embeddings.patch_embedding.weight")
        self.class_token = get("embeddings.class_embedding")
        self.positions = get("embeddings.position_embedding.weight")
        self.pre_norm = get("pre_layrnorm.weight"), get("pre_layrnorm.bias")
        self.layers = []
        for index in range(config["num_hidden_layers"]):
            of = lambda name: get(f"encoder.layers.{index}.{name}")
            both = lambda name: (of(name + ".weight"), of(name + ".bias"))
            queries, keys, values = (both(f"self_attn.{letter}_proj") for letter in "qkv")
            self.layers.append({
                "norm1": both("layer_norm1"),
                "qkv": tuple(torch.cat(parts) for parts in zip(queries, keys, values)),
                "out": both("self_attn.out_proj"),
                "norm2": both("layer_norm2"),
                "fc1": both("mlp.fc1"),
                "fc2": both("mlp.fc2"),
            })

    def __call__(self, pixels):
        x = F.conv2d(pixels, self.patch_weight, stride=self.patch).flatten(2).transpose(1, 2)
        batch, _, width = x.shape
        x = torch.cat([self.class_token.expand(batch, 1, width), x], dim=1) + self.positions
        norm = lambda x, parameters: F.layer_norm(x, (width,), *parameters, self.epsilon)
        x = norm(x, self.pre_norm)
        length = x.shape[1]
        head = width // self.heads
        for layer in self.layers:
            qkv = F.linear(norm(x, layer["norm1"]), *layer["qkv"])
            q, k, v = qkv.view(batch, length, 3, self.heads, head).permute(2, 0, 3, 1, 4)
            mixed = self.attend(q, k, v).transpose(1, 2).reshape(batch, length, width)
            x = x + F.linear(mixed, *layer["out"])
            h = F.linear(norm(x, layer["norm2"]), *layer["fc1"])
            x = x + F.linear(h * torch.sigmoid(1.702 * h), *layer["fc2"])
        return x


    @staticmethod
    def attend(q, k, v):
        if hasattr(F, "scaled_dot_product_attention"):
            return F.scaled_dot_product_attention(q, k, v)
        scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(2, 3))
        return torch.matmul(scores.softmax(-1), v)


class Decoder:
    """GPT-2 with I-Tuning modules parallel to the feed-forward; one token a step, keys and values cached."""

    def __init__(self, weights, config, itune_weights, itune):
        self.width = config["n_embd"]
        self.heads = config["n_head"]
        self.head = self.width // self.heads
        self.epsilon = config.get("layer_norm_epsilon", 1e-5)
        self.tokens = weights["wte.weight"]
        self.positions = weights["wpe.weight"]
        self.last_norm = weights["ln_f.weight"], weights["ln_f.bias"]
        self.itune_heads = itune["heads"]
        self.itune_head = itune["rank"] // itune["heads"]
        self.itune_scale = itune.get("scale", 1.0)
        self.layers = []
        for index in range(config["n_layer"]):
            of = lambda name: weights[f"h.{index}.{name}"]
            # Conv1D keeps [in, out]; F.linear wants [out, in].
            conv = lambda name: (of(name + ".weight").t().contiguous(), of(name + ".bias"))
            layer = {
                "norm1": (of("ln_1.weight"), of("ln_1.bias")),
                "qkv": conv("attn.c_attn"),
                "out": conv("attn.c_proj"),
                "norm2": (of("ln_2.weight"), of("ln_2.bias")),
                "fc1": conv("mlp.c_fc"),
                "fc2": conv("mlp.c_proj"),
                "itune": None,
            }
            if index >= itune.get("first_layer", 0):
                linear = lambda name: tuple(
                    itune_weights[f"h.{index}.itune.{name}_proj.{kind}"] for kind in ("weight", "bias"))
                layer["itune"] = {name: linear(name) for name in "qkvo"}
            self.layers.append(layer)

    def look(self, memory):
        """Keys and values of the picture for every module, once a picture: [B, heads, 1+N, rank/heads]."""
        split = lambda x: x.view(*x.shape[:2], self.itune_heads, self.itune_head).transpose(1, 2)
        sights = []
        for layer in self.layers:
            module = layer["itune"]
            if module is None:
                sights.append(None)
                continue
            keys = split(F.linear(memory, *module["k"])).transpose(2, 3).contiguous()
            values = split(F.linear(memory, *module["v"])).contiguous()
            sights.append((keys, values))
        return sights

    def step(self, tokens, position, past, sights):
        """tokens [R] at one position -> logits [R, V]; `past` is a list of (keys, values) [R, heads, T, head]."""
        rows = tokens.shape[0]
        norm = lambda x, parameters: F.layer_norm(x, (self.width,), *parameters, self.epsilon)
        x = F.embedding(tokens, self.tokens) + self.positions[position]
        present = []
        for index, layer in enumerate(self.layers):
            qkv = F.linear(norm(x, layer["norm1"]), *layer["qkv"])
            q, k, v = qkv.view(rows, 3, self.heads, 1, self.head).unbind(1)
            if past is not None:
                k = torch.cat([past[index][0], k], dim=2)
                v = torch.cat([past[index][1], v], dim=2)
            present.append((k, v))
            if x.is_cuda:
                mixed = F.scaled_dot_product_attention(q, k, v).reshape(rows, self.width)
            else:
                # One query against a few keys a head: a product and a sum beat hundreds of tiny matrix products.
                scores = (k * (q * self.head**-0.5)).sum(-1, keepdim=True)  # [R, heads, T, 1]
                mixed = (scores.softmax(2) * v).sum(2).view(rows, self.width)
            x = x + F.linear(mixed, *layer["out"])
            h = norm(x, layer["norm2"])
            update = F.linear(F.gelu(F.linear(h, *layer["fc1"]), approximate="tanh"), *layer["fc2"])
            if layer["itune"] is not None:
                update = update + self.itune_scale * self.attend(h, layer["itune"], sights[index])
            x = x + update
        return F.linear(norm(x, self.last_norm), self.tokens).float(), present

    def attend(self, h, module, sight):
        keys, values = sight
        pictures = keys.shape[0]
        beams = h.shape[0] // pictures
        q = F.linear(h, *module["q"]).view(pictures, beams, self.itune_heads, self.itune_head).transpose(1, 2)
        scores = torch.matmul(q * self.itune_head**-0.5, keys)  # [B, heads, k, 1+N]
        mixed = torch.matmul(scores.softmax(-1), values).transpose(1, 2).reshape(h.shape[0], -1)
        return F.linear(mixed, *module["o"])


class Captioner:
    def __init__(self, request):
        torch.set_num_threads(request["threads"])
        self.threads = request["threads"]
        self.device = torch.device(request["device"])
        self.dtype = torch.float16 if request["precision"] == "fp16" else torch.float32
        if request["precision"] == "tf32":
            torch.set_float32_matmul_precision("high")
        path = lambda name: os.path.join(request["model"], name)
        read = lambda name: read_safetensors(path(name), self.device, self.dtype)
        with open(path("config.json")) as file:
            config = json.load(file)
        with open(path("preprocessor_config.json")) as file:
            self.preprocessing = json.load(file)
        vision = VisionTower(read("clip.safetensors"), config["vision"])
        decoder = Decoder(read("gpt2.safetensors"), config["gpt2"], read("itune.safetensors"), config["itune"])
        self.see, self.look, self.step = vision.__call__, decoder.look, decoder.step
        if request["compiled"]:
            self.see, self.look = torch.compile(self.see), torch.compile(self.look)
            # The caches are longer at each token: one graph for all lengths.
            self.step = torch.compile(self.step, dynamic=True)
        self.end = config["gpt2"].get("eos_token_id", config["gpt2"]["vocab_size"] - 1)
        self.beams, self.length_penalty = request["beams"], request["lengthPenalty"]
        self.max_new_tokens = request["maxNewTokens"]

    def caption(self, pixels):
        """pixels [B, 3, S, S] -> (ids, score) a picture."""
        pictures, beams = pixels.shape[0], self.beams
        pixels = pixels.to(self.device, self.dtype)
        sights = self.look(self.see(pixels))
        number = lambda count: torch.arange(count, device=self.device)

        logits, past = self.step(torch.full((pictures,), self.end, device=self.device), 0, None, sights)
        sums, tokens = logits.log_softmax(-1).topk(beams)  # [B, k]
        finished = tokens == self.end
        lengths = torch.ones_like(tokens)
        words = tokens.unsqueeze(-1)  # [B, k, T]
        origin = number(pictures).repeat_interleave(beams)
        past = [(k.index_select(0, origin), v.index_select(0, origin)) for k, v in past]
        first_rows = (number(pictures) * beams).unsqueeze(1)

        for position in range(1, self.max_new_tokens):
            if bool(finished.all()):
                break
            logits, past = self.step(tokens.reshape(-1), position, past, sights)
            # The k best of a beam are all that can be among the k best of the picture.
            best, candidates = logits.topk(beams)
            best = (best - logits.logsumexp(-1, keepdim=True)).view(pictures, beams, beams)
            candidates = candidates.view(pictures, beams, beams)
            # A finished beam has one continuation: itself.
            stay = torch.full((beams,), -math.inf, device=self.device)
            stay[0] = 0.0
            best = torch.where(finished.unsqueeze(-1), stay, best)
            candidates = candidates.masked_fill(finished.unsqueeze(-1), self.end)

            sums, flat = (sums.unsqueeze(-1) + best).view(pictures, -1).topk(beams)
            parents = torch.div(flat, beams, rounding_mode="floor")
            tokens = candidates.view(pictures, -1).gather(1, flat)
            was_finished = finished.gather(1, parents)
            lengths = lengths.gather(1, parents) + (~was_finished).long()
            finished = was_finished | (tokens == self.end)
            words = torch.cat([
                words.gather(1, parents.unsqueeze(-1).expand(-1, -1, words.shape[2])), tokens.unsqueeze(-1)
            ], dim=2)
            rows = (parents + first_rows).view(-1)
            past = [(k.index_select(0, rows), v.index_select(0, rows)) for k, v in past]

        normalised = sums / lengths.float() ** self.length_penalty
        # One copy from the device, not one a picture.
        normalised, words, winners = normalised.cpu(), words.cpu(), normalised.argmax(1).cpu()
        results = []
        for picture, winner in enumerate(winners.tolist()):
            ids = words[picture, winner].tolist()
            ids = ids[: ids.index(self.end)] if self.end in ids else ids
            results.append((ids, float(normalised[picture, winner])))
        return results

    def prepare(self, path):
        """What CLIPImageProcessor does, with PIL: upright, RGB, resize, crop, rescale, normalise."""
        from PIL import Image, ImageOps

        options = self.preprocessing
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        size = options["size"]
        if isinstance(size, int) or "shortest_edge" in size:
            edge = size if isinstance(size, int) else size["shortest_edge"]
            scale = edge / min(image.size)
            image = image.resize(tuple(max(edge, int(side * scale)) for side in image.size), Image.BICUBIC)
        else:
            image = image.resize((size["width"], size["height"]), Image.BICUBIC)
        crop = options.get("crop_size", size)
        height, width = (crop, crop) if isinstance(crop, int) else (crop["height"], crop["width"])
        left, top = (image.width - width) // 2, (image.height - height) // 2
        image = image.crop((left, top, left + width, top + height))
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).float() / 255
        average, spread = (torch.tensor(options[key]).view(3, 1, 1) for key in ("image_mean", "image_std"))
        return (pixels - average) / spread


def run(captioner, batches):
    started, before = time.perf_counter(), time.process_time()
    results = []
    with torch.inference_mode():
        for batch in batches:
            results.extend(captioner.caption(batch))
    elapsed, worked = time.perf_counter() - started, time.process_time() - before
    return {"ids": [ids for ids, _ in results], "scores": [score for _, score in results],
            "elapsedMs": elapsed * 1000, "processorMs": worked * 1000}


def see(captioner, batches):
    started = time.perf_counter()
    with torch.inference_mode():
        for batch in batches:
            # Ours gives what it saw to the host, too.
            captioner.see(batch.to(captioner.device, captioner.dtype)).cpu()
    return {"elapsedMs": (time.perf_counter() - started) * 1000}


def prepared(captioner, paths, size):
    """Batches of pictures; as many as there are threads are decoded ahead, as a DataLoader's workers do."""
    with ThreadPoolExecutor(captioner.threads) as pool:
        waiting = [pool.submit(captioner.prepare, path) for path in paths]
        for at in range(0, len(waiting), size):
            yield torch.stack([picture.result() for picture in waiting[at : at + size]])


def describe():
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"torch": torch.__version__, "card": card, "compiles": hasattr(torch, "compile")}


def answer(captioner, request):
    if request["command"] in ("pixels", "see"):
        pixels = torch.from_numpy(numpy.fromfile(request["path"], dtype="<f4").reshape(request["shape"]))
        return (run if request["command"] == "pixels" else see)(captioner, pixels.split(request["batch"]))
    return run(captioner, prepared(captioner, request["paths"], request["batch"]))


def main():
    captioner = None
    # What compilers and libraries print is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["command"] == "describe":
                reply = describe()
            elif request["command"] == "open":
                captioner = Captioner(request)
                reply = {}
            else:
                reply = answer(captioner, request)
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            reply = {"error": f"{type(error).__name__}: {lines[0]}"}
        print(json.dumps(reply), file=answers, flush=True)


main()
