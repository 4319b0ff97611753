from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from facetell.model.depthwise import DepthwiseConv2d, input_gradient, weight_gradient


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [14, 15])
def test_it_has_the_gradients_of_a_plain_convolution(kernel: int, stride: int, side: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, side, side, requires_grad=True)
    layer = DepthwiseConv2d(4, kernel=kernel, stride=stride)
    y = layer(x)  # float32: the library's own backward pass
    grad = torch.randn_like(y)
    expected = torch.autograd.grad(y, [x, layer.weight], grad)
    ours = input_gradient(grad, layer.weight, stride, x.shape[-2:])
    assert torch.allclose(ours, expected[0], atol=1e-5)
    ours = weight_gradient(grad, x.detach(), kernel, stride)
    assert torch.allclose(ours, expected[1], atol=1e-4)


def test_it_takes_the_fast_path_in_bfloat16_and_stays_close_to_float32() -> None:
    torch.manual_seed(0)
    layer = DepthwiseConv2d(8, kernel=5, stride=2)
    x = torch.randn(2, 8, 16, 16)
    layer(x).square().sum().backward()
    assert layer.weight.grad is not None
    expected = layer.weight.grad.clone()
    layer.zero_grad()
    y = layer(x.bfloat16())
    assert type(y.grad_fn).__name__ == "_DepthwiseBackward"
    y.float().square().sum().backward()
    found = layer.weight.grad
    assert found is not None
    assert torch.allclose(found, expected, rtol=0.05, atol=1.0)
