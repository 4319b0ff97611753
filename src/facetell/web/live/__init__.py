"""The live page's other half: pictures of a camera over a WebSocket, answers back.

tickets   who may open a stream, told by the page and good for seconds
engine    the process that analyses, started when somebody looks and ended when nobody does
streams   the WebSocket: checks, limits, one picture after the other
"""
