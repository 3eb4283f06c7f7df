"""Checks AWS Signature Version 4, strictly: what AWS would refuse must not pass here.

The expected signature comes from botocore, AWS's own signer. What a signer does not look at is
checked here: the scope, the clock, which headers are signed, the payload's hash, the session
token. Codes follow AWS's; their wording is not to be relied on.
"""

import collections
import datetime
import hashlib
import hmac
import re
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Refusal = collections.namedtuple("Refusal", "status code message")

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)"
    r"/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,\s]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
CLOCK_SECONDS = 15 * 60


def _mismatch(message):
    return Refusal(403, "SignatureDoesNotMatch", message)


def _bad_key(message):
    return Refusal(403, "InvalidClientTokenId", message)


def problem(request, keys):
    """Why the request is refused, or None. `keys`: {key id: {"secret": ..., "token": ...}}."""
    header = request.headers.get("Authorization")
    if not header:
        return Refusal(403, "MissingAuthenticationToken", "The request is not signed")
    given = AUTHORIZATION.fullmatch(header)
    if not given:
        return Refusal(400, "IncompleteSignature", "The Authorization header is malformed")
    known = keys.get(given["key"])
    if known is None:
        return _bad_key("There is no such access key")
    if request.headers.get("X-Amz-Security-Token") != known.get("token"):
        return _bad_key("The session token is missing, wrong or superfluous")
    return (
        _headers_problem(request, given["headers"].split(";"))
        or _time_problem(request.headers.get("X-Amz-Date", ""), given["day"])
        or _scope_problem(given["service"])
        or _payload_problem(request)
        or _signature_problem(request, given, known["secret"])
    )


def _headers_problem(request, signed):
    if signed != sorted(set(signed)):
        return _mismatch("SignedHeaders is not sorted, or names a header twice")
    names = {name.lower() for name, _ in request.headers.items()}
    wanted = {"host", "x-amz-date"} | {name for name in names if name.startswith("x-amz-")}
    unsigned = sorted(wanted - set(signed))
    if unsigned:
        return _mismatch("These headers have to be signed: " + ", ".join(unsigned))
    absent = sorted(set(signed) - names)
    if absent:
        return _mismatch("Signed, but not sent: " + ", ".join(absent))
    return None


def _time_problem(stamp, day):
    try:
        then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ")
    except ValueError:
        return Refusal(400, "IncompleteSignature", "X-Amz-Date is not of the form YYYYMMDDTHHMMSSZ")
    if not stamp.startswith(day):
        return _mismatch("The credential's day is not that of X-Amz-Date")
    now = datetime.datetime.now(datetime.timezone.utc)
    if abs((now - then.replace(tzinfo=datetime.timezone.utc)).total_seconds()) > CLOCK_SECONDS:
        return _mismatch(f"Signature expired or not yet current: {stamp}, but it is {now:%Y%m%dT%H%M%SZ}")
    return None


def _scope_problem(service):
    if service != "sqs":
        return _mismatch(f"The credential is scoped to {service}, not to sqs")
    return None


def _payload_problem(request):
    claimed = request.headers.get("X-Amz-Content-SHA256")
    if claimed not in (None, hashlib.sha256(request.get_data()).hexdigest()):
        return Refusal(
            400, "XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not the hash of the body"
        )
    return None


def _signature_problem(request, given, secret):
    path = request.environ.get("RAW_URI") or urllib.parse.quote(request.path)
    copy = AWSRequest(
        request.method,
        "http://" + request.headers["Host"] + path,
        data=request.get_data(),
        headers={name: request.headers[name] for name in given["headers"].split(";")},
    )
    copy.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(given["key"], secret), given["service"], given["region"])
    canonical = signer.canonical_request(copy)
    expected = signer.signature(signer.string_to_sign(copy, canonical), copy)
    if not hmac.compare_digest(expected, given["signature"]):
        return _mismatch("The signature is not that of this request:\n" + canonical)
    return None
