"""evaluate_matching.py MODEL_FOLDER SCENES [COUNT]: recall of the matching checkpoint on scenes that training never
saw.

Each of COUNT scenes has one caption that names all its things, the place and the time of day. Every caption looks for
its image among all images, and every image for its caption among all captions: by cosine, and with the best RERANKED
of those put in order by the matching head. Scenes whose captions are equal count as found with each other. Writes
evaluation.json.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, BlipForImageTextRetrieval

from evaluate import load
from text_batches import pad
from train_matching import encode_texts
from write_captions import full_caption

COUNT, RERANKED, BATCH, TOP = 500, 20, 100, (1, 5, 10)


def recall(ranked: torch.Tensor, same: torch.Tensor) -> dict[str, float]:
    """ranked [n, k] indexes, best first; same [n, n]: what counts as found"""
    hits = same.gather(1, ranked)
    return {f"recall@{top}": round(float(hits[:, :top].any(1).float().mean()), 4) for top in TOP}


def rerank(model, ids: list[list[int]], images: torch.Tensor, similar: torch.Tensor, by_text: bool) -> torch.Tensor:
    """The best by cosine, in the order of the matching head."""
    shortlist = similar.topk(RERANKED, 1).indices
    rows = []
    for query, found in enumerate(shortlist):
        texts = pad([ids[query]] * RERANKED if by_text else [ids[index] for index in found])
        shown = images[found] if by_text else images[query].expand(RERANKED, -1, -1)
        scores = model.itm_head(encode_texts(model, texts, shown)[:, 0]).softmax(1)[:, 1]
        rows.append(found[scores.argsort(descending=True)])
    return torch.stack(rows)


@torch.no_grad()
def main() -> None:
    folder, (embeddings, facts) = Path(sys.argv[1]), load(Path(sys.argv[2]))
    count = int(sys.argv[3]) if len(sys.argv) > 3 else COUNT
    torch.set_num_threads(1)
    model, tokenizer = (
        BlipForImageTextRetrieval.from_pretrained(folder).float().eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    images = torch.from_numpy(embeddings[:count].astype(np.float32))
    captions = [full_caption(each) for each in facts[:count]]
    ids = [tokenizer(text).input_ids[:40] for text in captions]
    text_embeds = torch.cat(
        [
            model.text_proj(encode_texts(model, pad(ids[start : start + BATCH]))[:, 0])
            for start in range(0, count, BATCH)
        ]
    )
    similar = F.normalize(text_embeds, dim=-1) @ F.normalize(model.vision_proj(images[:, 0]), dim=-1).T
    same = torch.tensor([[one == other for other in captions] for one in captions])
    result = {"scenes": count, "different_captions": len(set(captions)), "reranked": RERANKED}
    for name, by_text, table in (("text_to_image", True, similar), ("image_to_text", False, similar.T)):
        result[name] = {
            "cosine": recall(table.topk(max(TOP), 1).indices, same),
            "matching_head": recall(rerank(model, ids, images, table, by_text), same),
        }
    (folder / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
