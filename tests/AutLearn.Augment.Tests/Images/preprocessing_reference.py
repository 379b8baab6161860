# Prints the table of ImagePreprocessingPresetTests: python3 preprocessing_reference.py (numpy and Pillow 9.4).
# torchvision, timm, CLIP and ViT resize with Pillow; Keras with tf.image.resize and Ultralytics with cv2.resize, whose formulas stand here.
import numpy as np
from PIL import Image
W, H = 50, 37
y, x = np.mgrid[0:H, 0:W]
a = np.stack([(x * 5 + y * 3) % 256, (x * x + 7 * y) % 256, (x * y * 2 + 31) % 256], 2).astype(np.uint8)
im = Image.fromarray(a)
def tv(im, side, size, filt):
    w, h = im.size
    nw, nh = (side, int(side * h / w)) if w <= h else (int(side * w / h), side)
    im = im.resize((nw, nh), filt)
    t, l = int(round((nh - size) / 2.0)), int(round((nw - size) / 2.0))
    return np.asarray(im.crop((l, t, l + size, t + size)), np.float32)
def tf(a, size):   # tf.image.resize, bilinear, antialias=False, half-pixel centers
    def idx(n, m):
        c = (np.arange(m) + .5) * n / m - .5; f = np.floor(c); return np.clip(f, 0, n - 1).astype(int), np.clip(f + 1, 0, n - 1).astype(int), (c - f).astype(np.float32)
    y0, y1, fy = idx(a.shape[0], size); x0, x1, fx = idx(a.shape[1], size); a = a.astype(np.float32)
    top = a[y0][:, x0] + (a[y0][:, x1] - a[y0][:, x0]) * fx[None, :, None]; bot = a[y1][:, x0] + (a[y1][:, x1] - a[y1][:, x0]) * fx[None, :, None]
    return top + (bot - top) * fy[:, None, None]
def letterbox(a, size, pad):
    h, w = a.shape[:2]; r = min(size / h, size / w); nw, nh = round(w * r), round(h * r)
    def rs(a, nw, nh):
        def idx(n, m):
            c = (np.arange(m) + .5) * n / m - .5; f = np.floor(c); return np.clip(f, 0, n - 1).astype(int), np.clip(f + 1, 0, n - 1).astype(int), (c - f)
        y0, y1, fy = idx(a.shape[0], nh); x0, x1, fx = idx(a.shape[1], nw); a = a.astype(np.float32)
        top = a[y0][:, x0] + (a[y0][:, x1] - a[y0][:, x0]) * fx[None, :, None]; bot = a[y1][:, x0] + (a[y1][:, x1] - a[y1][:, x0]) * fx[None, :, None]
        return top + (bot - top) * fy[:, None, None]
    out = np.full((size, size, 3), pad, np.float32); dw, dh = (size - nw) / 2, (size - nh) / 2
    t, l = int(round(dh - .1)), int(round(dw - .1)); out[t:t + nh, l:l + nw] = rs(a, nw, nh); return out
M, S = np.array([.485, .456, .406]), np.array([.229, .224, .225])
CM, CS = np.array([0.48145466, 0.4578275, 0.40821073]), np.array([0.26862954, 0.26130258, 0.27577711])
n = 14
r = {}
r["torchvision"] = (tv(im, 16, n, Image.BILINEAR) / 255 - M) / S
r["timm"] = (tv(im, 16, n, Image.BICUBIC) / 255 - M) / S
r["clip"] = (tv(im, n, n, Image.BICUBIC) / 255 - CM) / CS
r["vit"] = (np.asarray(im.resize((n, n), Image.BILINEAR), np.float32) / 255 - .5) / .5
r["keras-mobilenet"] = tf(a, n) / 127.5 - 1
r["keras-resnet"] = tf(a, n)[..., ::-1] - np.array([103.939, 116.779, 123.68])
r["keras-densenet"] = (tf(a, n) / 255 - M) / S
r["keras-efficientnet"] = tf(a, n)
r["yolo"] = letterbox(a, n, 114) / 255
r["mnist"] = ((np.asarray(im.convert("L").resize((n, n), Image.BILINEAR), np.float32) / 255 - .1307) / .3081)[..., None]
sq = im.crop((6, 0, 43, 37)).resize((n, n), Image.BILINEAR)
r["centered"] = np.asarray(sq, np.float32) / 127.5 - 1
r["unit"] = np.asarray(sq, np.float32) / 255
r["none"] = np.asarray(sq, np.float32)
pts = [(0, 0), (3, 5), (7, 7), (10, 2), (13, 13)]
for k, v in r.items():
    print(f'        {{ "{k}", [' + ", ".join("%.4ff" % v[p][c] for p in pts for c in range(v.shape[2])) + "] },")
