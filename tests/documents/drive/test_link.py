"""Links to folders, as people copy them."""

from __future__ import annotations

import pytest

from extension.documents.drive.link import folder_id
from extension.errors import SettingsError

ID = "1A2b3C4d5E6f7G8h9I0j_-KlMnOpQrStU"


@pytest.mark.parametrize(
    "link",
    [
        f"https://drive.google.com/drive/folders/{ID}",
        f"https://drive.google.com/drive/folders/{ID}/",
        f"https://drive.google.com/drive/folders/{ID}?usp=sharing",
        f"https://drive.google.com/drive/folders/{ID}/?usp=drive_link&resourcekey=0-x#frag",
        f"https://drive.google.com/drive/u/0/folders/{ID}",
        f"https://drive.google.com/drive/u/12/folders/{ID}?usp=share_link",
        f"https://drive.google.com/drive/mobile/folders/{ID}?usp=sharing",
        f"https://drive.google.com/a/example.org/folderview?id={ID}&usp=sharing",
        f"https://drive.google.com/open?id={ID}",
        f"https://drive.google.com/drive/u/0/?id={ID}",
        f"HTTPS://Drive.Google.com/drive/folders/{ID}",
        f"drive.google.com/drive/folders/{ID}",
        f"  <https://drive.google.com/drive/folders/{ID}>\n",
        ID,
    ],
)
def test_every_form_of_a_link_names_the_folder(link):
    assert folder_id(link) == ID


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("", "no link to a folder of Google Drive"),
        ("folder", "no link to a folder of Google Drive"),
        (f"https://evil.example/drive/folders/{ID}", "no link to a folder of Google Drive"),
        (f"https://drive.google.com.evil.example/drive/folders/{ID}", "no link to a folder of Google Drive"),
        (f"https://drive.google.com@evil.example/folders/{ID}", "no link to a folder of Google Drive"),
        ("https://[::1/x", "no link to a folder of Google Drive"),
        ("https://drive.google.com/drive/my-drive", "names no folder"),
        ("https://drive.google.com/drive/folders/", "names no folder"),
        ("https://drive.google.com/drive/folders/../../x?alt=media", "names no folder"),
        (f"https://drive.google.com/file/d/{ID}/view", "link to a file"),
        (f"https://docs.google.com/document/d/{ID}/edit", "link to a file"),
        ("https://drive.google.com/open?id=" + "x" * 5000, "names no folder"),
    ],
)
def test_what_is_no_link_to_a_folder_is_refused_with_what_to_do(link, why):
    with pytest.raises(SettingsError, match=why):
        folder_id(link)
