"""Makes a small random CLIP and what it answers, to hold our CLIP against: test/fixtures/clip.

    pip install torch transformers safetensors
    python bench/pytorch/clip.py DIRECTORY

Writes into DIRECTORY a public checkpoint as the package saves it (config.json, model.safetensors), the tokenizer.json of a tiny
byte-level BPE that is built like CLIP's (lower case, `</w>`), and expected.json and expected.safetensors: texts with their token
ids and vectors, `pixels` with their vectors.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPModel

texts = ["A dog", "kids making a mess", "Two dogs, running!", "a"]
words = ["dog", "kids", "making", "mess", "two", "dogs", "running"]


def build_tokenizer():
    """Every letter alone and at the end of a word, and one merge after the other for the known words."""
    alphabet = list("abcdefghijklmnopqrstuvwxyz,!")
    vocabulary = {piece: at for at, piece in enumerate(alphabet + [each + "</w>" for each in alphabet])}
    merges = []
    for word in words:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            pair = (pieces[0], pieces[1])
            if pair not in merges:
                merges.append(pair)
                vocabulary.setdefault("".join(pair), len(vocabulary))
            pieces = ["".join(pair), *pieces[2:]]
    start, end = len(vocabulary), len(vocabulary) + 1
    vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"] = start, end
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<|endoftext|>",
                                     end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
                             behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", end), ("<|startoftext|>", start), trim_offsets=False, add_prefix_space=False)
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    return tokenizer, start, end


def main(directory):
    torch.manual_seed(1)
    tokenizer, start, end = build_tokenizer()
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**tower, "vocab_size": end + 1, "max_position_embeddings": 20, "bos_token_id": start,
                     "eos_token_id": end, "pad_token_id": end},
        vision_config={**tower, "hidden_size": 32, "image_size": 16, "patch_size": 8},
        projection_dim=12,
    )
    model = CLIPModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))

    ids = [tokenizer.encode(text).ids for text in texts]
    longest = max(map(len, ids))
    filled = torch.tensor([each + [end] * (longest - len(each)) for each in ids])
    pixels = torch.randn(3, 3, 16, 16)
    with torch.no_grad():
        text = model.text_projection(model.text_model(input_ids=filled).pooler_output)
        pictures = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
        whole = model(input_ids=filled, pixel_values=pixels)
    text, pictures = (each / each.norm(dim=-1, keepdim=True) for each in (text, pictures))
    assert torch.allclose(text, whole.text_embeds, atol=1e-6) and torch.allclose(pictures, whole.image_embeds, atol=1e-6)
    save_file({"text": text.contiguous(), "pixels": pixels, "pictures": pictures.contiguous()},
              str(directory / "expected.safetensors"))
    (directory / "expected.json").write_text(json.dumps({"texts": texts, "ids": ids}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
